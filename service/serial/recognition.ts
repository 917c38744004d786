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

/** Speeds that nobody lists come last in no order at all, so each dialect's own order decides. */
function attempts({ dialects, likely }: RecognitionParts): { dialect: Dialect; baudRate: number }[] {
  const all = dialects.flatMap((dialect) => dialect.baudRates.map((baudRate, rank) => ({ dialect, baudRate, rank })))
  // speed by speed, the likeliest first, so that the port changes its speed as seldom as possible
  const rank = (baudRate: number) => Math.min(...all.filter((one) => one.baudRate === baudRate).map((one) => one.rank))
  const count = (baudRate: number) => all.filter((one) => one.baudRate === baudRate).length
  const sorted = all.sort(
    (a, b) => rank(a.baudRate) - rank(b.baudRate) || count(b.baudRate) - count(a.baudRate) || b.baudRate - a.baudRate,
  )
  const isLikely = (one: { dialect: Dialect; baudRate: number }) =>
    one.dialect.id === likely?.dialect && one.baudRate === likely.baudRate
  return [...sorted.filter(isLikely), ...sorted.filter((one) => !isLikely(one))]
}

/**
 * Finds out what is at the other end: dialect by dialect, speed by speed, and all of it once more while the device may
 * still be starting. Nothing that is sent leaves a trace in a device. Rejects with a `LineFault` when the line goes.
 */
export async function recognise(line: SerialLine, parts: RecognitionParts): Promise<Outcome<Recognised>> {
  const until = performance.now() + parts.patienceMs
  const tried = attempts(parts)
  do {
    for (const { dialect, baudRate } of tried) {
      await line.setBaudRate(baudRate)
      const identity = await dialect.detect(line)
      if (identity !== undefined) {
        return { ok: true, value: { dialect, identity, device: deviceOf(dialect, baudRate, identity) } }
      }
    }
    await line.wait(200)
  } while (performance.now() < until)
  const speeds = [...new Set(tried.map(({ baudRate }) => baudRate))].join(", ")
  if (line.received === 0) {
    return failedForNow(
      "silent",
      `the device says nothing at ${speeds} baud: check that it has power, that the cable carries data and not power alone, and that its firmware speaks on this port`,
    )
  }
  return failedForNow(
    "not-recognised",
    `the device speaks (${line.received} bytes were received) but no language the gateway knows at ${speeds} baud: see the log for what it says, and the documentation for what is understood`,
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
