import type { Attempts } from "../access/attempts.ts"
import type { Directory } from "../access/directory.ts"
import type { Door } from "../access/door.ts"
import type { Passwords } from "../access/password.ts"
import type { PresentedCertificate, Verdict } from "../ca/trust.ts"
import type { Clock } from "../clock.ts"
import type { Health } from "../health.ts"
import type { Limits } from "../limits.ts"
import type { Logger } from "../log.ts"
import type { OnClient } from "./connection/connections.ts"
import type { Exchange } from "./connection/exchange.ts"
import type { GoodCertificate } from "./gate/admission.ts"
import type { OnRequest } from "./listen/listener.ts"

/** What the broker is given by the rest of the gateway. */
export interface BrokerParts {
  /** The folder of sessions, queues and retained messages. */
  readonly folder: string
  /** Told, in words, when a newer version had changed the store. */
  readonly onReverted: (what: string) => void
  readonly limits: Limits
  readonly directory: Directory
  readonly passwords: Passwords
  readonly attempts: Attempts
  readonly door: Door
  readonly health: Health
  readonly clock: Clock
  readonly log: Logger
  readonly judge: (presented: PresentedCertificate) => Verdict
  /** Whether a certificate that was good when its client came in still is. */
  readonly stillGood: (certificate: GoodCertificate) => boolean
  readonly renew: Exchange["renew"]
  readonly onStranger: Exchange["onStranger"]
  /** Takes the requests at the port of wss that are no upgrade; without it they are told what the port is for. */
  readonly onRequest?: OnRequest
  readonly onAdmitted: Exchange["onAdmitted"]
  /** A client came or went. */
  readonly onClient?: OnClient
}
