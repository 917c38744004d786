import type { ComponentChildren } from "preact"
import { ALARM_LINKS, ALARM_PLACES, alarmWords, type Part } from "../alarms.ts"
import { age, moment } from "../format.ts"
import { type Level, StateCard } from "../parts/state.tsx"
import { sentence } from "../problem.ts"
import { href } from "../router.ts"
import { words } from "../words.ts"
import type { Overview } from "./overview.ts"

const t = words({
  en: {
    since: (when: string) => `since ${when}`,
    open: "Open",
  },
  de: {
    since: (when: string) => `seit ${when}`,
    open: "Öffnen",
  },
})

type Alarm = Overview["alarms"][number]

/** One part of the gateway as the page shows it. */
export interface Shown {
  readonly part: Part
  readonly level: Level
  /** For the sentence at the top; only where something is wrong. */
  readonly wrong?: string
  readonly card: ComponentChildren
}

/** A card that shows the gravest alarm of its part, or else how it is without one. */
export function alarmed(part: Part, name: string, { alarms }: Overview, calm: Omit<Shown, "part">): Shown {
  const own = alarms.filter(({ condition }) => ALARM_PLACES[condition].part === part)
  const alarm = own.find(({ condition }) => ALARM_PLACES[condition].level === "bad") ?? own[0]
  if (alarm === undefined) return { part, ...calm }
  const { level } = ALARM_PLACES[alarm.condition]
  const { what, next } = alarmWords()[alarm.condition]
  const more = own.length > 1 ? own.filter((other) => other !== alarm) : []
  return {
    ...{ part, level, wrong: what },
    card: (
      <StateCard
        {...{ name, level }}
        value={what}
        age={t().since(`${moment(alarm.since)} (${age(alarm.since)})`)}
        reason={<span lang="en">{sentence(alarm.detail)}</span>}
        next={<NextStep alarm={alarm} text={next} />}
      >
        {more.map((other) => (
          <p key={other.condition} class="state-reason">
            <strong>{alarmWords()[other.condition].what}.</strong> {alarmWords()[other.condition].next}
          </p>
        ))}
      </StateCard>
    ),
  }
}

function NextStep({ alarm, text }: { readonly alarm: Alarm; readonly text: string }) {
  const link = ALARM_LINKS[alarm.condition]
  return (
    <>
      {text} {link && <a href={href(link)}>{t().open}</a>}
    </>
  )
}
