import type { ProblemCode } from "../problem.ts"
import type { Language } from "./look.ts"

interface Texts {
  readonly languages: string
  readonly username: string
  readonly password: string
  readonly again: string
  readonly passwordHint: string
  readonly differ: string
  readonly badUsername: string
  readonly login: {
    readonly title: string
    readonly go: string
    readonly wrong: string
    readonly first: string
    readonly forgotten: string
    readonly noRights: string
  }
  readonly out: { readonly title: string; readonly done: string; readonly again: string }
  readonly claim: {
    readonly title: string
    readonly lead: string
    readonly code: string
    readonly codeHint: string
    readonly usernameHint: string
    readonly go: string
    readonly wrong: string
    readonly doneTitle: string
    readonly key: string
    readonly keyWhy: string
    readonly on: string
    readonly noKey: string
  }
  readonly first: {
    readonly title: string
    readonly lead: string
    readonly code: string
    readonly next: string
    readonly go: string
    readonly wrong: string
    readonly done: string
  }
  readonly recovery: {
    readonly title: string
    readonly lead: string
    readonly ways: readonly (readonly [title: string, text: string])[]
    readonly never: string
    readonly back: string
  }
  readonly badPassword: (detail: string) => string
  readonly wait: (seconds: string) => string
  readonly failed: Readonly<Partial<Record<ProblemCode, string>>> & { readonly internal: string }
}

/** Every sentence of the pages without script. */
export const TEXTS: Readonly<Record<Language, Texts>> = {
  en: {
    languages: "Languages",
    username: "Name",
    password: "Password",
    again: "Password again",
    passwordHint: "At least 12 characters. A sentence is easy to remember and hard to guess.",
    differ: "The two passwords differ. Type both again.",
    badUsername:
      "A name has 1 to 64 letters, digits and . _ : @ -, and begins with a letter or digit. The names “local” and “gateway” are taken.",
    login: {
      title: "Sign in",
      go: "Sign in",
      wrong: "The name or the password is wrong.",
      first: "I was given a one-time password",
      forgotten: "Forgotten your password?",
      noRights: "This account has no right to use this page. An administrator can give it a role.",
    },
    out: { title: "Signed out", done: "You are signed out of this gateway.", again: "Sign in again" },
    claim: {
      title: "Take this gateway into service",
      lead: "Nobody looks after this gateway yet, and until then no device can connect. You become its first administrator.",
      code: "Claim code",
      codeHint:
        "Twelve characters that only someone at the box can read: on its screen or console, or in the file claim-code in its state directory.",
      usernameHint: "Your own name, so that others can see who changed what.",
      go: "Take into service",
      wrong: "This is not the code of this gateway. Read it again: it changes with every start of the gateway.",
      doneTitle: "The gateway is in service",
      key: "Write down this recovery key",
      keyWhy:
        "It is shown once, now, and nowhere else. Whoever has to move this gateway's authority to another box, or to sign a new one, needs it. Keep it on paper, away from the box.",
      on: "I have written it down: continue",
      noKey: "You are signed in.",
    },
    first: {
      title: "Choose your own password",
      lead: "The one-time password that you were given is good for this once only.",
      code: "One-time password",
      next: "Your own password",
      go: "Choose this password",
      wrong:
        "The name or the one-time password is wrong, or its time is over. Whoever gave it to you can give you a new one.",
      done: "Your password is set. Sign in with it.",
    },
    recovery: {
      title: "Forgotten your password?",
      lead: "Nobody can read it from the gateway, but it can be replaced. No device is disturbed by it.",
      ways: [
        [
          "Another administrator is there",
          "Ask them to open “People”, choose your name and press “Give a one-time password”. With it you choose a new one.",
        ],
        [
          "You stand at the box",
          "Sign in on its console as root and run: gatehouse user change YOUR-NAME --password. It asks for a new one and keeps all data.",
        ],
      ],
      never: "The recovery key is not for this: it belongs to the authority's root key.",
      back: "Back to signing in",
    },
    badPassword: (detail) => `This password is not taken: ${detail}.`,
    wait: (seconds) => `Too many wrong attempts. Try again in ${seconds} seconds.`,
    failed: {
      "already-claimed":
        "Somebody has taken this gateway into service already. If that was not you, look at its console.",
      "cross-site": "The form did not come from this gateway's own page. Open the page anew and try again.",
      busy: "The gateway is busy. Try again in a few seconds.",
      conflict: "This does not fit the gateway as it is now. Open the page anew and try again.",
      "disk-failed": "The state could not be written, nothing was changed. Check the box's disk for space and errors.",
      internal: "Something went wrong inside the gateway; its log tells more.",
    },
  },
  de: {
    languages: "Sprachen",
    username: "Name",
    password: "Kennwort",
    again: "Kennwort noch einmal",
    passwordHint: "Mindestens 12 Zeichen. Ein Satz ist leicht zu merken und schwer zu erraten.",
    differ: "Die beiden Kennwörter sind verschieden. Bitte beide noch einmal eingeben.",
    badUsername:
      "Ein Name hat 1 bis 64 Buchstaben (ohne Umlaute), Ziffern und . _ : @ - und beginnt mit einem Buchstaben oder einer Ziffer. Die Namen „local“ und „gateway“ sind vergeben.",
    login: {
      title: "Anmelden",
      go: "Anmelden",
      wrong: "Der Name oder das Kennwort ist falsch.",
      first: "Ich habe ein Einmalkennwort bekommen",
      forgotten: "Kennwort vergessen?",
      noRights: "Dieses Konto darf diese Seite nicht benutzen. Ein Administrator kann ihm eine Rolle geben.",
    },
    out: { title: "Abgemeldet", done: "Sie sind von diesem Gateway abgemeldet.", again: "Wieder anmelden" },
    claim: {
      title: "Gateway in Betrieb nehmen",
      lead: "Noch betreut niemand dieses Gateway, und bis dahin kann sich kein Gerät verbinden. Sie werden sein erster Administrator.",
      code: "Claim-Code",
      codeHint:
        "Zwölf Zeichen, die nur lesen kann, wer am Gerät steht: auf seinem Bildschirm oder seiner Konsole, oder in der Datei claim-code in seinem Zustandsverzeichnis.",
      usernameHint: "Ihr eigener Name, damit andere sehen, wer was geändert hat.",
      go: "In Betrieb nehmen",
      wrong: "Das ist nicht der Code dieses Gateways. Bitte neu ablesen: Er ändert sich mit jedem Start des Gateways.",
      doneTitle: "Das Gateway ist in Betrieb",
      key: "Diesen Wiederherstellungsschlüssel aufschreiben",
      keyWhy:
        "Er wird einmal angezeigt, jetzt, und sonst nirgends. Gebraucht wird er, um die Zertifizierungsstelle dieses Gateways auf ein anderes Gerät umzuziehen oder eine neue zu unterschreiben. Auf Papier aufbewahren, nicht beim Gerät.",
      on: "Ich habe ihn aufgeschrieben: weiter",
      noKey: "Sie sind angemeldet.",
    },
    first: {
      title: "Eigenes Kennwort wählen",
      lead: "Das Einmalkennwort, das Sie bekommen haben, gilt nur für dieses eine Mal.",
      code: "Einmalkennwort",
      next: "Ihr eigenes Kennwort",
      go: "Dieses Kennwort wählen",
      wrong:
        "Der Name oder das Einmalkennwort ist falsch, oder seine Zeit ist abgelaufen. Wer es Ihnen gegeben hat, kann Ihnen ein neues geben.",
      done: "Ihr Kennwort ist gesetzt. Bitte damit anmelden.",
    },
    recovery: {
      title: "Kennwort vergessen?",
      lead: "Niemand kann es aus dem Gateway auslesen, aber es lässt sich ersetzen. Kein Gerät wird dadurch gestört.",
      ways: [
        [
          "Ein anderer Administrator ist da",
          "Bitten Sie ihn, unter „Personen“ Ihren Namen zu wählen und „Einmalkennwort geben“ zu drücken. Damit wählen Sie ein neues.",
        ],
        [
          "Sie stehen am Gerät",
          "Melden Sie sich an seiner Konsole als root an und rufen Sie auf: gatehouse user change IHR-NAME --password. Es fragt nach einem neuen und behält alle Daten.",
        ],
      ],
      never:
        "Der Wiederherstellungsschlüssel ist dafür nicht gedacht: Er gehört zum Wurzelschlüssel der Zertifizierungsstelle.",
      back: "Zurück zur Anmeldung",
    },
    badPassword: (detail) =>
      `Dieses Kennwort wird nicht angenommen. Es braucht mindestens 12 Zeichen und darf weder ein gängiges Kennwort noch aus dem Namen gemacht sein. (${detail})`,
    wait: (seconds) => `Zu viele falsche Versuche. Bitte in ${seconds} Sekunden noch einmal versuchen.`,
    failed: {
      "already-claimed":
        "Jemand hat dieses Gateway bereits in Betrieb genommen. Waren Sie das nicht, sehen Sie auf seiner Konsole nach.",
      "cross-site":
        "Das Formular kam nicht von der Seite dieses Gateways. Bitte die Seite neu öffnen und noch einmal versuchen.",
      busy: "Das Gateway ist gerade ausgelastet. Bitte in ein paar Sekunden noch einmal versuchen.",
      conflict:
        "Das passt nicht zum jetzigen Zustand des Gateways. Bitte die Seite neu öffnen und noch einmal versuchen.",
      "disk-failed":
        "Der Zustand konnte nicht gespeichert werden, nichts wurde geändert. Bitte den Speicher des Geräts prüfen.",
      internal: "Im Gateway ist etwas schiefgegangen; sein Protokoll sagt mehr.",
    },
  },
}
