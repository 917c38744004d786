import {
  age,
  bytes,
  clockOffset,
  clockTime,
  date,
  daysUntil,
  duration,
  gatewayNow,
  number,
  timeZone,
} from "../format.ts"
import { StateCard } from "../parts/state.tsx"
import { href } from "../router.ts"
import { may } from "../session.ts"
import { words } from "../words.ts"
import { alarmed, type Shown } from "./alarmed.tsx"
import { lastRate, type Overview } from "./overview.ts"

const t = words({
  en: {
    now: "right now",
    open: "Open",
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
  },
  de: {
    now: "in diesem Moment",
    open: "Öffnen",
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
  },
})

/** The parts of the gateway, in the order of the cards. */
export function partsOf(overview: Overview): readonly Shown[] {
  return [ofMessages, ofDevices, ofClock, ofCertificates, ofStorage].map((of) => of(overview))
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
