import type { Condition } from "../service/http/contract-page.ts"
import { words } from "./words.ts"

/** The parts of the gateway that the Status page has a card for. */
export type Part = "messages" | "devices" | "clock" | "certificates" | "storage"

/** Which card a condition belongs on, and how grave it is: `bad` when something does not work, `warn` when it soon may not. */
export const ALARM_PLACES: Readonly<Record<Condition, { readonly part: Part; readonly level: "warn" | "bad" }>> = {
  "round-trip-failed": { part: "messages", level: "bad" },
  "listener-closed": { part: "messages", level: "bad" },
  "certificate-cloned": { part: "devices", level: "bad" },
  "clock-behind": { part: "clock", level: "bad" },
  "revocation-list-stale": { part: "certificates", level: "warn" },
  "root-key-unsealed": { part: "certificates", level: "warn" },
  "server-certificate-failed": { part: "certificates", level: "warn" },
  "issue-log-torn": { part: "certificates", level: "warn" },
  "store-write-failed": { part: "storage", level: "bad" },
  "document-reverted": { part: "storage", level: "warn" },
  "session-store-failed": { part: "storage", level: "bad" },
  "store-damaged": { part: "storage", level: "warn" },
}

/** Where on this page the next step is; none where it is done elsewhere. */
export const ALARM_LINKS: Readonly<Partial<Record<Condition, string>>> = {
  "listener-closed": "/system",
  "certificate-cloned": "/devices",
  "clock-behind": "/system",
  "revocation-list-stale": "/system",
  "root-key-unsealed": "/certificates",
  "server-certificate-failed": "/system",
  "round-trip-failed": "/system",
  "store-write-failed": "/system",
}

/** Every condition in plain words: what is wrong, and the next step. */
export const alarmWords = words<Readonly<Record<Condition, { readonly what: string; readonly next: string }>>>({
  en: {
    "round-trip-failed": {
      what: "Messages do not get through",
      next: "The service restarts by itself. If it does not, restart it; the log tells the cause.",
    },
    "listener-closed": {
      what: "A connection point could not be opened",
      next: "Another program uses its port. Free the port or choose another, then restart the service.",
    },
    "certificate-cloned": {
      what: "A certificate is in use twice",
      next: "Somebody has a copy. Revoke the certificate and issue a new one to the real device.",
    },
    "revocation-list-stale": {
      what: "The revocation list of an outside authority is out of date",
      next: "Load its latest list. Until then, whoever was revoked since is still let in.",
    },
    "clock-behind": {
      what: "The clock is wrong",
      next: "It is behind the newest certificate. Set the time; until then certificates cannot be judged by date.",
    },
    "root-key-unsealed": {
      what: "The root key is not sealed",
      next: "Seal it and write down the recovery key: without that, a thief of the disk has the key.",
    },
    "server-certificate-failed": {
      what: "The gateway's own certificate could not be renewed",
      next: "The present one stays in use until it ends. The log tells the cause.",
    },
    "issue-log-torn": {
      what: "The certificate log was cut off by a power loss",
      next: "Nothing that was handed out is lost. The torn line lies beside the log.",
    },
    "store-write-failed": {
      what: "The state cannot be written",
      next: "Changes are refused until it can. Check the disk for space and errors.",
    },
    "document-reverted": {
      what: "The state is as it was before a newer version ran",
      next: "What was changed under the newer version is set aside. Look over users, roles and authorities.",
    },
    "session-store-failed": {
      what: "Messages cannot be kept on the disk",
      next: "What waits for absent clients may be lost at a restart. Check the disk for space and errors.",
    },
    "store-damaged": {
      what: "A part of the kept messages was damaged",
      next: "It was set aside, and the rest is in use. Check the disk for errors.",
    },
  },
  de: {
    "round-trip-failed": {
      what: "Nachrichten kommen nicht durch",
      next: "Der Dienst startet von selbst neu. Falls nicht, bitte neu starten; das Protokoll nennt die Ursache.",
    },
    "listener-closed": {
      what: "Ein Zugang konnte nicht geöffnet werden",
      next: "Ein anderes Programm belegt den Port. Port freigeben oder anderen wählen, dann den Dienst neu starten.",
    },
    "certificate-cloned": {
      what: "Ein Zertifikat wird doppelt benutzt",
      next: "Jemand hat eine Kopie. Das Zertifikat widerrufen und dem echten Gerät ein neues ausstellen.",
    },
    "revocation-list-stale": {
      what: "Die Sperrliste einer fremden Zertifizierungsstelle ist veraltet",
      next: "Die neueste Liste laden. Bis dahin kommt noch herein, wer seither gesperrt wurde.",
    },
    "clock-behind": {
      what: "Die Uhr geht falsch",
      next: "Sie liegt hinter dem neuesten Zertifikat. Uhrzeit stellen; bis dahin lässt sich kein Zertifikat nach Datum prüfen.",
    },
    "root-key-unsealed": {
      what: "Der Wurzelschlüssel ist nicht versiegelt",
      next: "Versiegeln und den Wiederherstellungsschlüssel aufschreiben: sonst hat den Schlüssel, wer die Platte stiehlt.",
    },
    "server-certificate-failed": {
      what: "Das eigene Zertifikat konnte nicht erneuert werden",
      next: "Das bisherige bleibt bis zu seinem Ablauf in Gebrauch. Das Protokoll nennt die Ursache.",
    },
    "issue-log-torn": {
      what: "Das Zertifikatsbuch wurde durch einen Stromausfall abgeschnitten",
      next: "Nichts Ausgehändigtes ist verloren. Die abgerissene Zeile liegt daneben.",
    },
    "store-write-failed": {
      what: "Der Zustand kann nicht gespeichert werden",
      next: "Bis dahin werden Änderungen abgelehnt. Speicherplatz und Datenträger prüfen.",
    },
    "document-reverted": {
      what: "Der Zustand ist der von vor dem Lauf einer neueren Version",
      next: "Was unter der neueren Version geändert wurde, liegt beiseite. Benutzer, Rollen und Zertifizierungsstellen durchsehen.",
    },
    "session-store-failed": {
      what: "Nachrichten können nicht gespeichert werden",
      next: "Was auf abwesende Clients wartet, kann bei einem Neustart verloren gehen. Speicherplatz und Datenträger prüfen.",
    },
    "store-damaged": {
      what: "Ein Teil der gespeicherten Nachrichten war beschädigt",
      next: "Er wurde beiseitegelegt, der Rest ist in Gebrauch. Den Datenträger auf Fehler prüfen.",
    },
  },
})
