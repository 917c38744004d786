import { number } from "../format.ts"
import { Card } from "../parts/card.tsx"
import { Trend } from "../parts/trend.tsx"
import { words } from "../words.ts"
import { lastRate, type Overview } from "./overview.ts"

const t = words({
  en: {
    rate: "Messages per second",
    in: "from devices",
    out: "to clients",
    perSecond: "per second",
    rateSummary: (from: string, to: string) =>
      `Messages per second in the last ten minutes. Now ${from} in and ${to} out.`,
    collecting: "The picture begins in a few seconds.",
  },
  de: {
    rate: "Nachrichten pro Sekunde",
    in: "von Geräten",
    out: "an Clients",
    perSecond: "pro Sekunde",
    rateSummary: (from: string, to: string) =>
      `Nachrichten pro Sekunde in den letzten zehn Minuten. Jetzt ${from} eingehend und ${to} ausgehend.`,
    collecting: "Das Bild beginnt in wenigen Sekunden.",
  },
})

/** Messages per second, in the last ten minutes. */
export function Rates({ overview }: { readonly overview: Overview }) {
  const { samples, seconds } = overview.rates
  const line = (name: string, of: "messagesIn" | "messagesOut") => ({
    name,
    points: samples.map((sample) => ({ at: Date.parse(sample.at), value: sample[of] / seconds })),
  })
  const { in: incoming, out: outgoing } = lastRate(overview)
  return (
    <Card title={t().rate}>
      {samples.length < 2 ? (
        <p class="muted">{t().collecting}</p>
      ) : (
        <Trend
          summary={t().rateSummary(number(incoming), number(outgoing))}
          unit={t().perSecond}
          lines={[line(t().in, "messagesIn"), line(t().out, "messagesOut")]}
        />
      )}
    </Card>
  )
}
