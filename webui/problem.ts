import type { OutwardCode } from "../service/http/contract-page.ts"
import { language } from "./words.ts"

/**
 * English sentences come from the gateway itself, which knows the particulars. German has one for each code, with the
 * gateway's own words after it.
 */
const GERMAN: Readonly<Record<OutwardCode | "unreachable", string>> = {
  "bad-request": "Die Eingabe ist nicht in Ordnung.",
  unauthenticated: "Bitte zuerst anmelden.",
  forbidden: "Dafür fehlt die Berechtigung. Ein Administrator kann sie vergeben.",
  "claim-refused": "Die Inbetriebnahme wurde abgelehnt. Bitte den Code prüfen.",
  "confirmation-needed": "Bitte zuerst das Kennwort noch einmal eingeben.",
  "wrong-password": "Das Kennwort ist falsch.",
  "cross-site": "Änderungen sind nur von den Seiten dieses Gateways aus möglich.",
  "not-found": "Das gibt es nicht oder nicht mehr.",
  "unknown-route": "Unter dieser Adresse gibt es nichts.",
  "method-not-allowed": "Diese Adresse kennt diese Methode nicht.",
  "not-acceptable": "Keines der gewünschten Formate ist verfügbar.",
  conflict: "Das passt nicht zum jetzigen Zustand des Gateways.",
  "already-claimed": "Das Gateway ist bereits in Betrieb.",
  "not-claimed": "Das Gateway ist noch nicht in Betrieb.",
  stale: "Jemand anderes hat dies inzwischen geändert. Bitte neu laden und noch einmal ändern.",
  "body-too-large": "Das ist zu groß.",
  "unsupported-media-type": "Dieses Format wird hier nicht angenommen.",
  misdirected: "Unter diesem Namen ist das Gateway nicht erreichbar.",
  "csr-refused": "Die Zertifikatsanforderung wurde abgelehnt.",
  "certificate-refused": "Das Zertifikat wurde abgelehnt.",
  "too-many-attempts": "Zu viele falsche Versuche. Bitte etwas warten.",
  "no-room": "Dafür ist kein Platz mehr auf dem Datenträger.",
  "request-timeout": "Die Übertragung hat zu lange gedauert. Bitte noch einmal versuchen.",
  busy: "Das Gateway ist gerade ausgelastet. Bitte gleich noch einmal versuchen.",
  "disk-failed": "Der Zustand konnte nicht gespeichert werden; nichts wurde geändert. Bitte Speicherplatz prüfen.",
  "registry-closed": "Die Selbstanmeldung ist geschlossen. Zuerst öffnen, dann am Gerät noch einmal versuchen.",
  internal: "Im Gateway ist etwas schiefgegangen; sein Protokoll sagt mehr.",
  unreachable: "Das Gateway ist gerade nicht erreichbar. Netzwerk und Kabel prüfen, dann noch einmal versuchen.",
}

const UNREACHABLE = "The gateway cannot be reached right now. Check network and cable, then try again."
const INTERNAL = "Something went wrong inside the gateway; its log tells more."

/** What a person reads when a call was refused. */
export function problemSentence(code: string, detail: string | undefined): string {
  if (language.value === "de") {
    const known = GERMAN[code as OutwardCode] ?? GERMAN.internal
    return detail === undefined ? known : `${known} (${detail})`
  }
  if (code === "unreachable") return UNREACHABLE
  return detail === undefined ? INTERNAL : sentence(detail)
}

/** The gateway's details begin in lower case and end without a full stop. */
export function sentence(text: string): string {
  const begun = text.charAt(0).toUpperCase() + text.slice(1)
  return /[.!?…]$/.test(begun) ? begun : `${begun}.`
}
