import type { z } from "zod"
import type { RefusalCause } from "../../service/http/contract-page.ts"
import type { historyAnswer } from "../../service/http/contract-system.ts"
import { departure } from "../device-words.ts"
import { age, gatewayNow, moment, number } from "../format.ts"
import { Card } from "../parts/card.tsx"
import { Presence, type Stretch } from "../parts/presence.tsx"
import { Badge, type Level } from "../parts/state.tsx"
import { causeWords } from "../refusals.ts"
import { words } from "../words.ts"

const t = words({
  en: {
    title: "History",
    none: "Nothing is known yet; it begins with the first connection.",
    connected: "Connected",
    disconnected: "Disconnected",
    refused: "Turned away",
    summary: (share: string, refusals: number) =>
      `Connected ${share} of the time shown; ${refusals} kinds of refusals.`,
    times: (count: number) => `${number(count)} times`,
    from: (address: string) => `from ${address}`,
    more: (count: number) => `${count} earlier`,
  },
  de: {
    title: "Verlauf",
    none: "Noch ist nichts bekannt; er beginnt mit der ersten Verbindung.",
    connected: "Verbunden",
    disconnected: "Getrennt",
    refused: "Abgewiesen",
    summary: (share: string, refusals: number) =>
      `${share} der gezeigten Zeit verbunden; ${refusals} Arten von Abweisungen.`,
    times: (count: number) => `${number(count)}-mal`,
    from: (address: string) => `von ${address}`,
    more: (count: number) => `${count} frühere`,
  },
})

type Visit = z.output<typeof historyAnswer>["visits"][number]
const LEVELS: Readonly<Record<Visit["kind"], Level>> = { connected: "ok", disconnected: "off", refused: "bad" }
const FIRST = 6

export interface DeviceHistoryProps {
  /** The latest first. */
  readonly visits: readonly Visit[]
  readonly isConnected: boolean
}

/** When it was here, as a picture and in words. */
export function DeviceHistory({ visits, isConnected }: DeviceHistoryProps) {
  if (visits.length === 0) {
    return (
      <Card title={t().title}>
        <p class="muted">{t().none}</p>
      </Card>
    )
  }
  const to = gatewayNow()
  const from = Math.min(to - 60_000, Date.parse(visits.at(-1)?.at ?? ""))
  const connected = stretchesOf(visits, isConnected, to)
  const refused = visits.filter(({ kind }) => kind === "refused").map(({ at }) => Date.parse(at))
  const share = connected.reduce((sum, stretch) => sum + stretch.to - stretch.from, 0) / (to - from)
  return (
    <Card title={t().title}>
      <Presence
        summary={t().summary(`${Math.round(100 * share)} %`, refused.length)}
        {...{ from, to, connected, refused }}
      />
      <List visits={visits.slice(0, FIRST)} />
      {visits.length > FIRST && (
        <details>
          <summary>{t().more(visits.length - FIRST)}</summary>
          <List visits={visits.slice(FIRST)} />
        </details>
      )}
    </Card>
  )
}

/** From each coming to the next going. A coming without one lasts until now, if it is here, or was cut off by a restart. */
function stretchesOf(visits: readonly Visit[], isConnected: boolean, to: number): Stretch[] {
  const stretches: Stretch[] = []
  let since: number | undefined
  for (const { kind, at } of visits.toReversed()) {
    if (kind === "connected") since ??= Date.parse(at)
    if (kind !== "disconnected" || since === undefined) continue
    stretches.push({ from: since, to: Date.parse(at) })
    since = undefined
  }
  if (since !== undefined && isConnected) stretches.push({ from: since, to })
  return stretches
}

function List({ visits }: { readonly visits: readonly Visit[] }) {
  return (
    <ul class="stack">
      {visits.map((visit) => (
        <li key={`${visit.at} ${visit.kind}`} class="one">
          <div class="row-main">
            <p>
              <Badge level={LEVELS[visit.kind]}>{t()[visit.kind]}</Badge> {reasonOf(visit)}
              {visit.count > 1 && `, ${t().times(visit.count)}`}
            </p>
            <p class="small muted">
              {moment(visit.at)} ({age(visit.at)}), {t().from(visit.address)}
            </p>
          </div>
        </li>
      ))}
    </ul>
  )
}

function reasonOf({ kind, cause, detail }: Visit): string {
  if (kind === "connected") return ""
  return kind === "disconnected" ? departure(cause, detail) : (causeWords()[cause as RefusalCause]?.what ?? detail)
}
