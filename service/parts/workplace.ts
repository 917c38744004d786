import { isIP } from "node:net"
import { join } from "node:path"
import type { Accounts } from "../access/accounts.ts"
import type { Directory } from "../access/directory.ts"
import type { Reachable } from "../ca/kept-certificate.ts"
import type { Clock } from "../clock.ts"
import type { Config } from "../config.ts"
import { reasonOf } from "../errors.ts"
import type { EventHub } from "../events.ts"
import type { Logger } from "../log.ts"
import { noJobs, PROVISIONING_FORMAT, provisioningDocument } from "../provisioning/job.ts"
import { Jobs } from "../provisioning/jobs.ts"
import { Provisioning } from "../provisioning/provisioning.ts"
import type { Station } from "../provisioning/station.ts"
import type { Transcripts } from "../provisioning/transcripts.ts"
import { noStation, openSerial } from "../serial/serial.ts"
import { openDocument } from "../store/document.ts"
import type { StateDirectory } from "../store/state-directory.ts"
import { TranscriptFiles } from "../store/transcript-files.ts"
import type { Trusting } from "./certificates.ts"

export interface WorkplaceParts extends Pick<Trusting, "authority" | "issueLog"> {
  readonly config: Config
  readonly state: StateDirectory
  readonly directory: Directory
  readonly accounts: Accounts
  readonly clock: Clock
  readonly events: EventHub
  readonly log: Logger
  readonly reachable: () => Reachable
  /** Of the listener for mutual TLS; 0 while it is closed. */
  readonly port: () => number
}

/** Where devices are provisioned: the jobs, their logs, and the place where devices are plugged in. */
export interface Workplace {
  readonly provisioning: Provisioning
  readonly transcripts: Transcripts
  readonly station: Station
  /** A certificate of ours made its first connection. */
  seen(serial: string): void
}

/** Jobs first, then the ports: a job that was interrupted goes on as soon as its device is seen. */
export async function openWorkplace(parts: WorkplaceParts): Promise<Workplace & AsyncDisposable> {
  const { config, state, clock, events, log } = parts
  await using opened = new AsyncDisposableStack()
  const document = await openDocument({
    path: join(state.path, "provisioning.json"),
    format: `${PROVISIONING_FORMAT}/1`,
    schema: provisioningDocument,
    initial: noJobs,
  })
  const jobs = new Jobs(document, clock)
  const hosts = () => hostsOf(config, parts.reachable())
  const provisioning = new Provisioning({ ...parts, jobs, hosts })
  const transcripts = new TranscriptFiles(await state.folder("serial"), log)
  opened.defer(
    jobs.onChange(({ id, username, state: now, step }) =>
      events.publish("serial-job-changed", "/serial/jobs", { job: id, username, state: now, step }),
    ),
  )
  opened.defer(parts.authority.onRevoked(({ serial }) => void provisioning.lost(serial).catch(failed(log))))
  const station = config.serial.enabled
    ? opened.use(await openSerial({ provisioning, transcripts, clock, log, ...config.serial }))
    : noStation
  opened.defer(
    station.onPorts(({ plug, use, job }, change) =>
      events.publish("serial-ports-changed", "/serial/ports", { path: plug.path, change, use, job }),
    ),
  )
  const stack = opened.move()
  return {
    provisioning,
    transcripts,
    station,
    seen: (serial) => void provisioning.seen(serial).catch(failed(log)),
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  }
}

function failed(log: Logger): (error: unknown) => void {
  return (error) => log.error("the end of a job could not be written", { reason: reasonOf(error) })
}

/**
 * What the broker's certificate bears, the best for a device first: the names a person configured, an address of the
 * plant's network (a device may have no name server), the machine's own names, and what only this machine reaches.
 */
function hostsOf({ names, addresses, hostname }: Config, reachable: Reachable): string[] {
  const local = (host: string) => host === "localhost" || host === "::1" || host.startsWith("127.")
  const found = [...reachable.addresses, ...reachable.names]
  const abroad = found.filter((host) => !local(host) && !host.startsWith("fe80:"))
  const v4 = abroad.filter((host) => isIP(host) === 4)
  const rest = abroad.filter((host) => isIP(host) !== 4)
  return [
    ...new Set([...names, ...addresses, ...v4, ...(abroad.includes(hostname) ? [hostname] : []), ...rest, ...found]),
  ]
}
