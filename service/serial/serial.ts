import type { Clock } from "../clock.ts"
import { reasonOf } from "../errors.ts"
import type { Logger } from "../log.ts"
import type { Provisioning } from "../provisioning/provisioning.ts"
import type { Station } from "../provisioning/station.ts"
import type { Transcripts } from "../provisioning/transcripts.ts"
import { type SerialBinding, serialBinding } from "./binding.ts"
import type { Dialect } from "./dialect.ts"
import { DIALECTS } from "./dialects/dialects.ts"
import { Hotplug } from "./hotplug.ts"
import { SerialStation } from "./station.ts"

export interface SerialOptions {
  readonly provisioning: Provisioning
  readonly transcripts: Transcripts
  readonly clock: Clock
  readonly log: Logger
  /** Patterns of by-id names and device files that are left alone. */
  readonly ignore: readonly string[]
  /** Device files beside those on USB. */
  readonly extra: readonly string[]
  /** Where /sys and /dev are; "/" unless a test has its own. */
  readonly root?: string
  readonly binding?: SerialBinding
  readonly dialects?: readonly Dialect[]
  readonly patienceMs?: number
  readonly proveMs?: number
}

const PERIOD_MS = 1000
/** A board may start for so long after its port was opened. */
const PATIENCE_MS = 10_000
/** A device that is told to connect mostly has within seconds; after this the port is free for the next one. */
const PROVE_MS = 60_000

/** Opens the place where devices are plugged in: follows the ports, and goes on with every job that was interrupted. */
export async function openSerial(options: SerialOptions): Promise<Station & AsyncDisposable> {
  const { provisioning, transcripts, clock, log, ignore, extra, root = "/" } = options
  await using parts = new AsyncDisposableStack()
  const station = parts.use(
    new SerialStation({
      provisioning,
      transcripts,
      clock,
      log,
      binding: options.binding ?? serialBinding,
      dialects: options.dialects ?? DIALECTS,
      patienceMs: options.patienceMs ?? PATIENCE_MS,
      proveMs: options.proveMs ?? PROVE_MS,
    }),
  )
  let failing = ""
  const hotplug = parts.use(
    new Hotplug({
      ...{ root, ignore, extra, periodMs: PERIOD_MS },
      onAppeared: (port) => station.appeared(port),
      onVanished: (port) => station.vanished(port),
      onFailed: (error) => {
        const reason = reasonOf(error)
        if (reason !== failing) log.error("the serial ports could not be listed", { reason })
        failing = reason
      },
    }),
  )
  await provisioning.recover()
  await transcripts.keepOnly(new Set(provisioning.jobs.list().map(({ id }) => id)))
  await hotplug.look()
  station.start()
  const stack = parts.move()
  return {
    ports: () => station.ports(),
    recognise: (path) => station.recognise(path),
    onPorts: (listener) => station.onPorts(listener),
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  }
}

/** Where serial provisioning is switched off in the configuration. */
export const noStation: Station = {
  ports: () => [],
  recognise: async () => {
    throw new Error("a port that is not listed is refused before")
  },
  onPorts: () => () => {},
}
