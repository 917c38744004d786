import type { ComponentChildren } from "preact"
import type { z } from "zod"
import type { overviewAnswer } from "../../service/http/contract-overview.ts"
import { ALARM_LINKS, ALARM_PLACES, alarmWords, type Part } from "../alarms.ts"
import { get } from "../api.ts"
import {
  age,
  bytes,
  clockOffset,
  clockTime,
  date,
  daysUntil,
  duration,
  gatewayNow,
  moment,
  number,
  timeZone,
} from "../format.ts"
import { latestPulse } from "../live.ts"
import { LinkButton } from "../parts/button.tsx"
import { Card } from "../parts/card.tsx"
import { Icon } from "../parts/icon.tsx"
import { Loaded } from "../parts/loaded.tsx"
import { PageHead } from "../parts/page-head.tsx"
import { type Level, StateCard } from "../parts/state.tsx"
import { Trend } from "../parts/trend.tsx"
import { sentence } from "../problem.ts"
import { useResource } from "../resource.ts"
import { href } from "../router.ts"
import { may } from "../session.ts"
import { words } from "../words.ts"

const t = words({
  en: {
    title: "Status",
    fine: "Everything works.",
    look: (count: number) => (count === 1 ? "One thing needs attention." : `${count} things need attention.`),
    wrong: (what: string, more: number) =>
      more === 0 ? `${what}.` : `${what}, and ${more === 1 ? "one more thing" : `${more} more things`}.`,
    since: (when: string) => `since ${when}`,
    now: "right now",
    open: "Open",
    show: "Show what to do",
    messages: "Messages",
    messagesValue: (rate: string) => `${rate} per second`,
    listeners: (open: number, all: number) => `${open} of ${all} connection points open`,
    up: (time: string) => `running for ${time}`,
    devices: "Devices",
    connected: (here: number, all: number) => `${here} of ${all} connected`,
    noDevices: "No devices yet",
    addFirst: "Add the first device",
    attention: (count: number) => (count === 1 ? "One device needs attention." : `${count} devices need attention.`),
    showThem: "Show them",
    clock: "Clock",
    clockOff: (by: string) => `It differs from this device's clock by ${by}. One of the two is wrong.`,
    certificates: "Certificates",
    certificatesFine: "None ends soon",
    ending: (count: number) => (count === 1 ? "One ends within 30 days" : `${count} end within 30 days`),
    endsOn: (name: string, when: string) => `${name} ends on ${when}.`,
    endedOn: (name: string, when: string) => `${name} ended on ${when}.`,
    renew: "Renew",
    storage: "Storage",
    free: (free: string, total: string) => `${free} of ${total} free`,
    full: "Less than a tenth is free. Remove what is not needed, or use a larger disk.",
    rate: "Messages per second",
    in: "from devices",
    out: "to clients",
    perSecond: "per second",
    rateSummary: (from: string, to: string) =>
      `Messages per second in the last ten minutes. Now ${from} in and ${to} out.`,
    collecting: "The picture begins in a few seconds.",
    door: "At the door",
    doorHint: (count: number) =>
      count === 1
        ? "One client was turned away since the start."
        : `${number(count)} clients were turned away since the start.`,
    showDoor: "See who and why",
  },
  de: {
    title: "Status",
    fine: "Alles in Ordnung.",
    look: (count: number) =>
      count === 1 ? "Eine Sache braucht Aufmerksamkeit." : `${count} Dinge brauchen Aufmerksamkeit.`,
    wrong: (what: string, more: number) =>
      more === 0 ? `${what}.` : `${what}, und ${more === 1 ? "eine weitere Sache" : `${more} weitere Dinge`}.`,
    since: (when: string) => `seit ${when}`,
    now: "in diesem Moment",
    open: "Öffnen",
    show: "Was zu tun ist",
    messages: "Nachrichten",
    messagesValue: (rate: string) => `${rate} pro Sekunde`,
    listeners: (open: number, all: number) => `${open} von ${all} Zugängen offen`,
    up: (time: string) => `läuft seit ${time}`,
    devices: "Geräte",
    connected: (here: number, all: number) => `${here} von ${all} verbunden`,
    noDevices: "Noch keine Geräte",
    addFirst: "Erstes Gerät hinzufügen",
    attention: (count: number) =>
      count === 1 ? "Ein Gerät braucht Aufmerksamkeit." : `${count} Geräte brauchen Aufmerksamkeit.`,
    showThem: "Anzeigen",
    clock: "Uhr",
    clockOff: (by: string) => `Sie weicht um ${by} von der Uhr dieses Geräts ab. Eine von beiden geht falsch.`,
    certificates: "Zertifikate",
    certificatesFine: "Keines läuft bald ab",
    ending: (count: number) => (count === 1 ? "Eines läuft in 30 Tagen ab" : `${count} laufen in 30 Tagen ab`),
    endsOn: (name: string, when: string) => `${name} läuft am ${when} ab.`,
    endedOn: (name: string, when: string) => `${name} ist am ${when} abgelaufen.`,
    renew: "Erneuern",
    storage: "Speicher",
    free: (free: string, total: string) => `${free} von ${total} frei`,
    full: "Weniger als ein Zehntel ist frei. Nicht Benötigtes löschen oder einen größeren Datenträger verwenden.",
    rate: "Nachrichten pro Sekunde",
    in: "von Geräten",
    out: "an Clients",
    perSecond: "pro Sekunde",
    rateSummary: (from: string, to: string) =>
      `Nachrichten pro Sekunde in den letzten zehn Minuten. Jetzt ${from} eingehend und ${to} ausgehend.`,
    collecting: "Das Bild beginnt in wenigen Sekunden.",
    door: "An der Tür",
    doorHint: (count: number) =>
      count === 1
        ? "Seit dem Start wurde ein Client abgewiesen."
        : `Seit dem Start wurden ${number(count)} Clients abgewiesen.`,
    showDoor: "Wer und warum",
  },
})

type Overview = z.output<typeof overviewAnswer>
type Alarm = Overview["alarms"][number]

/** As often there is a new point in the picture of rates. */
const RATES_MS = 10_000

/** One sentence, then a card for each part of the gateway. */
export function Page() {
  const overview = useResource(
    (options) => get<typeof overviewAnswer>("/overview", options),
    [
      "alarm-raised",
      "alarm-cleared",
      "client-connected",
      "client-disconnected",
      "users-changed",
      "certificate-issued",
      "certificate-revoked",
    ],
    [],
    RATES_MS,
  )
  return (
    <>
      <PageHead title={t().title} />
      <Loaded resource={overview}>{(shown) => <Overviewed overview={shown} />}</Loaded>
    </>
  )
}

interface Shown {
  readonly part: Part
  readonly level: Level
  /** For the sentence at the top; only where something is wrong. */
  readonly wrong?: string
  readonly card: ComponentChildren
}

function Overviewed({ overview }: { readonly overview: Overview }) {
  const parts = [ofMessages, ofDevices, ofClock, ofCertificates, ofStorage].map((of) => of(overview))
  return (
    <>
      <Sentence parts={parts} />
      <div class="cards">
        {parts.map(({ part, card }) => (
          <div key={part}>{card}</div>
        ))}
      </div>
      <Rates overview={overview} />
      <AtTheDoor overview={overview} />
    </>
  )
}

const RANK: Readonly<Record<Level, number>> = { bad: 0, warn: 1, unknown: 2, off: 2, ok: 3 }

/** The answer to "is it healthy?": the worst first. */
function Sentence({ parts }: { readonly parts: readonly Shown[] }) {
  const wrong = parts.filter((part) => part.wrong !== undefined).sort((a, b) => RANK[a.level] - RANK[b.level])
  const [worst] = wrong
  const level = worst?.level ?? "ok"
  return (
    <p class={`sentence sentence-${level}`} role="status">
      <Icon name={level === "ok" ? "check" : level === "bad" ? "stop" : "warning"} />
      {worst?.wrong === undefined ? t().fine : t().wrong(worst.wrong, wrong.length - 1)}
    </p>
  )
}

/** A card that shows the gravest alarm of its part, or else how it is without one. */
function alarmed(part: Part, name: string, { alarms }: Overview, calm: Omit<Shown, "part">): Shown {
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

function ofMessages(overview: Overview): Shown {
  const open = overview.listeners.filter((listener) => listener.open).length
  return alarmed("messages", t().messages, overview, {
    level: "ok",
    card: (
      <StateCard
        name={t().messages}
        level="ok"
        value={t().messagesValue(number(lastRate(overview).in))}
        age={t().up(duration(overview.uptimeSeconds + Math.max(0, (gatewayNow() - Date.parse(overview.now)) / 1000)))}
        reason={t().listeners(open, overview.listeners.length)}
      />
    ),
  })
}

function ofDevices(overview: Overview): Shown {
  const { all, connected, attention } = overview.devices
  const name = t().devices
  if (all === 0) {
    const next = may("write", "/users") && <a href={href("/add")}>{t().addFirst}</a>
    const card = <StateCard name={name} level="off" value={t().noDevices} next={next} />
    return alarmed("devices", name, overview, { level: "off", card })
  }
  const level = attention > 0 ? "warn" : "ok"
  return alarmed("devices", name, overview, {
    level,
    ...(attention > 0 ? { wrong: t().attention(attention).replace(/\.$/, "") } : {}),
    card: (
      <StateCard
        {...{ name, level }}
        value={t().connected(connected, all)}
        age={t().now}
        reason={attention > 0 && t().attention(attention)}
        next={<a href={`${href("/devices")}${attention > 0 ? "?show=attention" : ""}`}>{t().showThem}</a>}
      />
    ),
  })
}

/** Two clocks that differ by more than this are not the same time. */
const CLOCK_MS = 60_000

function ofClock(overview: Overview): Shown {
  const off = Math.abs(clockOffset.value)
  const level = off > CLOCK_MS ? "warn" : "ok"
  const reason = t().clockOff(duration(off / 1000))
  return alarmed("clock", t().clock, overview, {
    level,
    ...(off > CLOCK_MS ? { wrong: reason.split(".")[0] ?? reason } : {}),
    card: (
      <StateCard
        name={t().clock}
        level={level}
        value={<span class="numbers">{clockTime(gatewayNow())}</span>}
        age={`${date(gatewayNow())}, ${timeZone()}`}
        {...(off > CLOCK_MS ? { reason, next: <a href={href("/system")}>{t().open}</a> } : {})}
      />
    ),
  })
}

function ofCertificates(overview: Overview): Shown {
  const { ending, endingCount } = overview.certificates
  const [first] = ending
  const level = endingCount > 0 ? "warn" : "ok"
  const value = endingCount > 0 ? t().ending(endingCount) : t().certificatesFine
  return alarmed("certificates", t().certificates, overview, {
    level,
    ...(endingCount > 0 ? { wrong: value } : {}),
    card: (
      <StateCard
        name={t().certificates}
        level={level}
        value={value}
        age={t().now}
        {...(first === undefined
          ? {}
          : {
              reason: (daysUntil(first.notAfter) < 0 ? t().endedOn : t().endsOn)(first.username, date(first.notAfter)),
              next: <a href={`${href("/devices/:name", { name: first.username })}?act=certificate`}>{t().renew}</a>,
            })}
      />
    ),
  })
}

function ofStorage(overview: Overview): Shown {
  const { freeBytes, totalBytes } = overview.storage
  const low = freeBytes < totalBytes / 10
  const level = low ? "warn" : "ok"
  const value = t().free(bytes(freeBytes), bytes(totalBytes))
  return alarmed("storage", t().storage, overview, {
    level,
    ...(low ? { wrong: value } : {}),
    card: (
      <StateCard
        name={t().storage}
        level={level}
        value={value}
        age={age(overview.now)}
        {...(low ? { reason: t().full } : {})}
      />
    ),
  })
}

/** From what the stream says, or before it has said anything from the last period. */
function lastRate({ rates }: Overview): { readonly in: number; readonly out: number } {
  const last = rates.samples.at(-1)
  return { in: (last?.messagesIn ?? 0) / rates.seconds, out: (last?.messagesOut ?? 0) / rates.seconds }
}

function Rates({ overview }: { readonly overview: Overview }) {
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

function AtTheDoor({ overview }: { readonly overview: Overview }) {
  const refused = latestPulse.value?.refused ?? overview.refused
  if (refused === 0) return null
  return (
    <Card
      title={t().door}
      aside={
        <LinkButton icon="door" href={href("/door")}>
          {t().showDoor}
        </LinkButton>
      }
    >
      <p>{t().doorHint(refused)}</p>
    </Card>
  )
}
