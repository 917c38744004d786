import type { Device } from "../provisioning/job.ts"
import { shownText } from "../provisioning/job.ts"
import { type Dialect, failedForNow, type Identity, type Outcome } from "./dialect.ts"
import type { SerialLine } from "./line.ts"

export interface Recognised {
  readonly dialect: Dialect
  readonly identity: Identity
  readonly device: Device
}

export interface RecognitionParts {
  readonly dialects: readonly Dialect[]
  /** Tried before everything else: what was found on this port last. */
  readonly likely?: { readonly dialect: string; readonly baudRate: number } | undefined
  /** A board may start anew when its port is opened; so long it is asked again. */
  readonly patienceMs: number
}

/**
 * Finds out what is at the other end, speed by speed, at each in every dialect. Opening a port makes many boards start
 * anew: the first speed has two turns before the others, and a speed at which text is heard is kept until the device has
 * had time enough to start. Nothing that is sent leaves a trace in a device. Rejects with a `LineFault` when the line
 * goes.
 */
export async function recognise(line: SerialLine, parts: RecognitionParts): Promise<Outcome<Recognised>> {
  const until = performance.now() + parts.patienceMs
  const speeds = speedsOf(parts)
  const { likely } = parts
  for (const baudRate of [likely?.baudRate ?? speeds[0]!, ...speeds]) {
    const dialects = parts.dialects.filter((dialect) => dialect.baudRates.includes(baudRate))
    const likeliest = dialects.filter(({ id }) => id === likely?.dialect)
    await line.setBaudRate(baudRate)
    do {
      const found = await detected(line, [...likeliest, ...dialects.filter((one) => !likeliest.includes(one))])
      if (found !== undefined) return { ok: true, value: found }
    } while (performance.now() < until && isText(line.heard))
  }
  return notFound(line, speeds)
}

async function detected(line: SerialLine, dialects: readonly Dialect[]): Promise<Recognised | undefined> {
  for (const dialect of dialects) {
    const identity = await dialect.detect(line)
    if (identity !== undefined) return { dialect, identity, device: deviceOf(dialect, line.baudRate, identity) }
  }
  return undefined
}

/** All speeds of all dialects: what is somebody's first choice before the rest, and what more of them know before others. */
function speedsOf({ dialects }: RecognitionParts): number[] {
  const speeds = [...new Set(dialects.flatMap(({ baudRates }) => baudRates))]
  const rank = (speed: number) => Math.min(...dialects.map(({ baudRates }) => (baudRates.indexOf(speed) + 99) % 99))
  const count = (speed: number) => dialects.filter(({ baudRates }) => baudRates.includes(speed)).length
  return speeds.sort((a, b) => rank(a) - rank(b) || count(b) - count(a) || b - a)
}

/** Whether this was said at the speed it was heard at: at a wrong one little of it is ASCII. */
function isText(heard: string): boolean {
  const tail = heard.slice(-512)
  const plain = tail.replace(/[^\s!-~]/g, "").length
  return tail.length >= 16 && plain / tail.length > 0.9
}

function notFound(line: SerialLine, tried: readonly number[]): Outcome<Recognised> {
  const speeds = `${tried.join(", ")} baud`
  if (line.received === 0) {
    return failedForNow(
      "silent",
      `the device says nothing at ${speeds}: check that it has power, that the cable carries data and not power alone, and that its firmware speaks on this port`,
    )
  }
  return failedForNow(
    "not-recognised",
    `the device speaks (${line.received} bytes were received) but no language the gateway knows at ${speeds}: see the log for what it says, and the documentation for what is understood`,
  )
}

function deviceOf(dialect: Dialect, baudRate: number, identity: Identity): Device {
  const { uid, model, firmware, commonName, certificate, job, state } = identity
  const texts = { uid, model, firmware, commonName, certificate, job }
  const shown = Object.entries(texts).flatMap(([name, text]) => {
    const plain = shownText(text)
    return plain === undefined ? [] : [[name, plain]]
  })
  const { id, title, keyOrigin } = dialect
  return { dialect: id, title, baudRate, keyOrigin, state, ...Object.fromEntries(shown) }
}
