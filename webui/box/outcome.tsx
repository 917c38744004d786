import type { ApplianceRequest } from "../../service/http/contract-appliance.ts"
import { Notice } from "../parts/notice.tsx"
import { language, words } from "../words.ts"

const t = words({
  en: { waiting: "The box has not taken this up yet." },
  de: { waiting: "Die Box hat das noch nicht aufgegriffen." },
})

/** What went wrong, by its stable code; English comes from root itself, which knows the particulars. */
const GERMAN: Readonly<Record<string, string>> = {
  "request-invalid": "Die Anforderung war nicht in Ordnung.",
  "bundle-missing": "Die hochgeladene Datei ist nicht mehr da. Bitte noch einmal hochladen.",
  "bundle-not-a-bundle": "Das ist keine Update-Datei. Gebraucht wird eine Datei, die auf .raucb endet.",
  "bundle-truncated": "Das Ende der Datei fehlt. Bitte noch einmal hochladen.",
  "bundle-unsigned": "Die Datei trägt keine Unterschrift und wird deshalb nicht installiert.",
  "bundle-foreign-key": "Die Datei ist mit einem Schlüssel unterschrieben, dem diese Box nicht vertraut.",
  "bundle-damaged": "Der Inhalt der Datei weicht von dem ab, was unterschrieben wurde. Bitte neu beschaffen.",
  "bundle-older": "Die Datei ist älter als eine Version, die hier schon in Betrieb war.",
  "bundle-other-board": "Die Datei ist für ein anderes Gerät.",
  "no-space": "Auf der Karte ist nicht genug Platz.",
  "install-failed": "Die Datei konnte nicht geschrieben werden.",
  "fell-back": "Die neue Version wurde probiert und wieder verworfen; die alte läuft.",
  "no-roll-back": "Es gibt keine frühere Version, zu der die Box zurückkehren könnte.",
  "clock-invalid": "Diese Zeit kann nicht stimmen.",
  "network-invalid": "Diese Netzwerkeinstellungen passen nicht zusammen.",
  "network-undone": "Die Änderung wurde nicht bestätigt und deshalb zurückgenommen.",
  "not-waiting": "Es wartet keine Änderung auf eine Bestätigung.",
  interrupted: "Der Strom fiel aus, bevor es fertig war. Die bisherige Version läuft weiter.",
}

const KINDS = { waiting: "info", working: "info", done: "ok", refused: "warn", failed: "bad" } as const

/** How a request goes, or how it ended. */
export function OutcomeNotice({ outcome }: { readonly outcome: ApplianceRequest }) {
  const german = language.value === "de" ? GERMAN[outcome.code ?? ""] : undefined
  return (
    <Notice kind={KINDS[outcome.state]} urgent={outcome.state !== "working"}>
      {german !== undefined && <p>{german}</p>}
      <p lang={outcome.state === "waiting" ? undefined : "en"}>
        {outcome.state === "waiting" ? t().waiting : outcome.message}
      </p>
      {outcome.percent !== undefined && outcome.state === "working" && (
        <progress max={100} value={outcome.percent} aria-label={outcome.message} />
      )}
    </Notice>
  )
}

/** The latest request of one of these kinds, if it is not long over. */
export function latestOf(
  requests: readonly ApplianceRequest[],
  ...kinds: readonly ApplianceRequest["kind"][]
): ApplianceRequest | undefined {
  return requests.find(({ kind }) => kinds.includes(kind))
}

export function isOpen({ state }: ApplianceRequest): boolean {
  return state === "waiting" || state === "working"
}
