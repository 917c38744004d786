import type { expiriesAnswer } from "../../service/http/contract-system.ts"
import { Card } from "../parts/card.tsx"
import { language, words } from "../words.ts"

type Month = (typeof expiriesAnswer)["_output"]["months"][number]

const t = words({
  en: {
    title: "When devices' certificates end",
    none: "No certificate of a device ends in the next two years.",
    picture: (text: string) => `Certificates that end, month by month: ${text}`,
    count: (count: number) => (count === 1 ? "one certificate" : `${count} certificates`),
    soon: "this month and the next",
    later: (count: number) => `${count} end later or never.`,
    expired: (count: number) => (count === 1 ? "One has ended already." : `${count} have ended already.`),
    details: "Which ones",
    more: (count: number) => `and ${count} more`,
  },
  de: {
    title: "Wann Gerätezertifikate enden",
    none: "In den nächsten zwei Jahren endet kein Gerätezertifikat.",
    picture: (text: string) => `Endende Zertifikate, Monat für Monat: ${text}`,
    count: (count: number) => (count === 1 ? "ein Zertifikat" : `${count} Zertifikate`),
    soon: "dieser und der nächste Monat",
    later: (count: number) => `${count} enden später oder nie.`,
    expired: (count: number) => (count === 1 ? "Eines ist bereits abgelaufen." : `${count} sind bereits abgelaufen.`),
    details: "Welche",
    more: (count: number) => `und ${count} weitere`,
  },
})

const SHOWN = 24
/** Months from now on in which somebody should act. */
const SOON = 2
const [WIDTH, HEIGHT, FOOT] = [12, 96, 18]

/** Two years as bars: in which months somebody will have to renew, and how many. */
export function Calendar({ expiries }: { readonly expiries: (typeof expiriesAnswer)["_output"] }) {
  const months = expiries.months.slice(0, SHOWN)
  const beyond = expiries.months.slice(SHOWN).reduce((sum, { count }) => sum + count, expiries.later)
  const busy = months.filter(({ count }) => count > 0)
  return (
    <Card title={t().title}>
      {busy.length === 0 ? <p class="muted">{t().none}</p> : <Bars months={months} busy={busy} />}
      {expiries.expired > 0 && <p>{t().expired(expiries.expired)}</p>}
      {beyond > 0 && <p class="muted">{t().later(beyond)}</p>}
      {busy.length > 0 && (
        <details>
          <summary>{t().details}</summary>
          {busy.map(({ month, count, certificates }) => (
            <p key={month}>
              <strong>{monthName(month)}</strong>: {certificates.map(({ commonName }) => commonName).join(", ")}
              {count > certificates.length && ` ${t().more(count - certificates.length)}`}
            </p>
          ))}
        </details>
      )}
    </Card>
  )
}

function Bars({ months, busy }: { readonly months: readonly Month[]; readonly busy: readonly Month[] }) {
  const most = Math.max(...months.map(({ count }) => count))
  const text = busy.map(({ month, count }) => `${monthName(month)} ${t().count(count)}`).join(", ")
  return (
    <svg
      class="chart"
      viewBox={`0 0 ${months.length * WIDTH} ${HEIGHT + FOOT}`}
      role="img"
      aria-label={t().picture(text)}
    >
      <line class="grid" x1="0" y1={HEIGHT} x2={months.length * WIDTH} y2={HEIGHT} />
      {months.map(({ month, count }, index) => {
        const height = count === 0 ? 0 : Math.max(4, (count / most) * (HEIGHT - 16))
        const x = index * WIDTH
        return (
          <g key={month}>
            <rect
              class={index < SOON ? "calendar-soon" : "calendar-bar"}
              x={x + 1}
              y={HEIGHT - height}
              width={WIDTH - 2}
              height={height}
              rx="1.5"
            />
            {count > 0 && (
              <text class="calendar-text" x={x + WIDTH / 2} y={HEIGHT - height - 3} text-anchor="middle">
                {count}
              </text>
            )}
            {month.endsWith("-01") || index === 0 ? (
              <text class="calendar-text" x={x + 1} y={HEIGHT + 12}>
                {monthName(month, index === 0)}
              </text>
            ) : null}
          </g>
        )
      })}
    </svg>
  )
}

function monthName(month: string, short = false): string {
  const date = new Date(`${month}-15T00:00:00Z`)
  const year = short ? {} : ({ year: "numeric" } as const)
  return new Intl.DateTimeFormat(language.value, { month: "short", ...year, timeZone: "UTC" }).format(date)
}
