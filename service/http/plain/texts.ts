import type { Language } from "./routes.ts"

interface Texts {
  readonly languages: string
  readonly intro: string
  readonly compare: string
  readonly compareWhy: string
  readonly compareStop: string
  readonly install: string
  readonly forMost: string
  readonly forApple: string
  readonly forPrograms: string
  readonly steps: readonly (readonly [system: string, step: string])[]
  readonly bounded: string
  readonly open: string
  readonly without: string
}

/** Every sentence of the trust page. */
export const TEXTS: Readonly<Record<Language, Texts>> = {
  en: {
    languages: "Languages",
    intro:
      "This gateway is looked after on an encrypted page. Your browser warns of it because the certificate comes from the gateway itself. Install the gateway's own authority once, and the warning is gone for good.",
    compare: "1. Compare these words",
    compareWhy:
      "The page you are reading is not encrypted: anyone in this network could have changed it. Compare these eight words with those that the gateway shows on its console, beside the claim code.",
    compareStop: "One word differs? Stop, install nothing, and find out who else answers at this address.",
    install: "2. Download and install",
    forMost: "for Windows, macOS, Android, Linux and Firefox",
    forApple: "for iPhone and iPad",
    forPrograms: "for programs such as curl (--cacert)",
    steps: [
      [
        "Windows",
        "Open the file, choose “Install Certificate…”, “Local Machine”, “Place all certificates in the following store”, “Trusted Root Certification Authorities”. Edge and Chrome then trust it.",
      ],
      [
        "macOS",
        "Open the file; Keychain Access adds it to “login”. Open it there and set Trust, “When using this certificate”, to “Always Trust”.",
      ],
      [
        "iPhone, iPad",
        "Open the file in Safari, then Settings, “Profile Downloaded”, “Install”. Then Settings, General, About, Certificate Trust Settings: switch it on there too.",
      ],
      [
        "Android",
        "Settings, search for “CA certificate”, “Install anyway”, and choose the file. The device needs a screen lock.",
      ],
      ["Firefox", "Settings, Privacy & Security, “View Certificates…”, Authorities, “Import…”, “identify websites”."],
      [
        "Linux",
        "Copy gatehouse-page.pem as gatehouse-page.crt to /usr/local/share/ca-certificates and run update-ca-certificates; browsers: import it as an authority in their settings.",
      ],
    ],
    bounded:
      "The authority you install is bound: it can speak only for private addresses and for these names (and those below them):",
    open: "3. Open the page",
    without: "Without installing anything the page works as well, with a warning at each first visit.",
  },
  de: {
    languages: "Sprachen",
    intro:
      "Dieses Gateway wird über eine verschlüsselte Seite verwaltet. Ihr Browser warnt davor, weil das Zertifikat vom Gateway selbst stammt. Installieren Sie einmal die Zertifizierungsstelle des Gateways, und die Warnung ist dauerhaft weg.",
    compare: "1. Diese Wörter vergleichen",
    compareWhy:
      "Die Seite, die Sie gerade lesen, ist nicht verschlüsselt: Jeder in diesem Netz könnte sie verändert haben. Vergleichen Sie diese acht Wörter mit denen, die das Gateway auf seiner Konsole neben dem Claim-Code anzeigt.",
    compareStop:
      "Ein Wort ist anders? Halten Sie an, installieren Sie nichts und finden Sie heraus, wer noch unter dieser Adresse antwortet.",
    install: "2. Herunterladen und installieren",
    forMost: "für Windows, macOS, Android, Linux und Firefox",
    forApple: "für iPhone und iPad",
    forPrograms: "für Programme wie curl (--cacert)",
    steps: [
      [
        "Windows",
        "Datei öffnen, „Zertifikat installieren…“, „Lokaler Computer“, „Alle Zertifikate in folgendem Speicher speichern“, „Vertrauenswürdige Stammzertifizierungsstellen“. Edge und Chrome vertrauen ihr dann.",
      ],
      [
        "macOS",
        "Datei öffnen; die Schlüsselbundverwaltung legt sie unter „Anmeldung“ ab. Dort öffnen und unter „Vertrauen“ auf „Immer vertrauen“ stellen.",
      ],
      [
        "iPhone, iPad",
        "Datei in Safari öffnen, dann Einstellungen, „Profil geladen“, „Installieren“. Danach Einstellungen, Allgemein, Info, Zertifikatsvertrauenseinstellungen: auch dort einschalten.",
      ],
      [
        "Android",
        "Einstellungen, nach „CA-Zertifikat“ suchen, „Trotzdem installieren“ und die Datei wählen. Das Gerät braucht eine Bildschirmsperre.",
      ],
      [
        "Firefox",
        "Einstellungen, Datenschutz & Sicherheit, „Zertifikate anzeigen…“, Zertifizierungsstellen, „Importieren…“, „um Websites zu identifizieren“.",
      ],
      [
        "Linux",
        "gatehouse-page.pem als gatehouse-page.crt nach /usr/local/share/ca-certificates kopieren und update-ca-certificates ausführen; Browser: in den Einstellungen als Zertifizierungsstelle importieren.",
      ],
    ],
    bounded:
      "Die Zertifizierungsstelle, die Sie installieren, ist gebunden: Sie kann nur für private Adressen und für diese Namen (und darunter liegende) sprechen:",
    open: "3. Die Seite öffnen",
    without: "Auch ohne Installation funktioniert die Seite, mit einer Warnung bei jedem ersten Besuch.",
  },
}
