import type { Device } from "../service/http/contract-devices.ts"
import { age, date, lasting } from "./format.ts"
import type { Level } from "./parts/state.tsx"
import { causeWords } from "./refusals.ts"
import { words } from "./words.ts"

const t = words({
  en: {
    connected: "Connected",
    offline: "Offline",
    never: "Never seen",
    disabled: "Disabled",
    lasting: (time: string) => `for ${time}`,
    turned: "Turned away",
    seen: (when: string) => `last seen ${when}`,
    expired: (when: string) => `Certificate expired on ${when}`,
    missing: "Has no certificate yet",
    ending: (when: string) => `Certificate ends on ${when}`,
  },
  de: {
    connected: "Verbunden",
    offline: "Getrennt",
    never: "Nie gesehen",
    disabled: "Gesperrt",
    lasting: (time: string) => `seit ${time}`,
    turned: "Abgewiesen",
    seen: (when: string) => `zuletzt ${when}`,
    expired: (when: string) => `Zertifikat am ${when} abgelaufen`,
    missing: "Hat noch kein Zertifikat",
    ending: (when: string) => `Zertifikat läuft am ${when} ab`,
  },
})

/** Why a connection ended, in plain words; the gateway's stable causes. */
const departures = words<Readonly<Record<string, string>>>({
  en: {
    lost: "the connection broke",
    closed: "it said goodbye",
    "keep-alive": "it fell silent",
    "taken-over": "another connection took over",
    ended: "it was disconnected here",
    "certificate-expired": "its certificate no longer counts",
    stopping: "the gateway was stopped",
    "protocol-error": "it broke the protocol",
    fault: "a fault in the gateway",
  },
  de: {
    lost: "die Verbindung brach ab",
    closed: "es hat sich abgemeldet",
    "keep-alive": "es wurde still",
    "taken-over": "eine andere Verbindung hat übernommen",
    ended: "es wurde hier getrennt",
    "certificate-expired": "sein Zertifikat gilt nicht mehr",
    stopping: "das Gateway wurde angehalten",
    "protocol-error": "es hielt sich nicht ans Protokoll",
    fault: "ein Fehler im Gateway",
  },
})

export function departure(cause: string, detail: string): string {
  return departures()[cause] ?? detail
}

/** A device's state in a word, and since when and why. */
export function deviceState(device: Device): { readonly word: string; readonly more: string } {
  const word = t()[device.state]
  if (device.state === "connected") return { word, more: device.since ? t().lasting(lasting(device.since)) : "" }
  if (device.refusal) return { word: t().turned, more: age(device.refusal.last) }
  const when = device.ended?.at ?? device.since
  if (when === undefined || device.state === "never") return { word, more: "" }
  const why = device.ended && departure(device.ended.cause, device.ended.detail)
  return { word, more: [device.ended ? age(when) : t().seen(age(when)), why].filter(Boolean).join(", ") }
}

export function deviceLevel({ state, needs }: Device): Level {
  if (needs === "refused" || needs === "certificate-expired") return state === "connected" ? "warn" : "bad"
  return state === "connected" ? "ok" : state === "never" ? "unknown" : "off"
}

/** What it needs somebody for; undefined when nothing. */
export function deviceNeed({ needs, refusal, certificate }: Device): string | undefined {
  switch (needs) {
    case "refused":
      return refusal && causeWords()[refusal.cause].what
    case "certificate-expired":
      return certificate && t().expired(date(certificate.notAfter))
    case "certificate-ending":
      return certificate && t().ending(date(certificate.notAfter))
    case "certificate-missing":
      return t().missing
    default:
      return undefined
  }
}
