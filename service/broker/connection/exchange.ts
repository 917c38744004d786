import type { Directory } from "../../access/directory.ts"
import type { Door } from "../../access/door.ts"
import type { Stranger } from "../../access/registry.ts"
import type { Clock } from "../../clock.ts"
import type { Health } from "../../health.ts"
import type { Limits } from "../../limits.ts"
import type { Logger } from "../../log.ts"
import type { Core } from "../core.ts"
import type { Counters } from "../counters.ts"
import type { Ledger } from "../durable/ledger.ts"
import type { Admission, GoodCertificate } from "../gate/admission.ts"
import type { Lane } from "../listen/lane.ts"
import type { Retained } from "../routing/retained.ts"
import type { SubscriptionTree } from "../routing/subscription-tree.ts"
import type { Sessions } from "../session/sessions.ts"
import type { SteadyClock } from "../steady-clock.ts"
import type { Connections } from "./connections.ts"

/** What every connection shares: the rest of the broker as one connection sees it. */
export interface Exchange {
  readonly limits: Limits
  readonly counters: Counters
  /** The wall's. */
  readonly clock: Clock
  /** The broker's own, by which sessions and messages end. */
  readonly time: SteadyClock
  readonly ledger: Ledger
  readonly log: Logger
  readonly health: Health
  readonly directory: Directory
  readonly door: Door
  readonly admission: Admission
  /** Where newcomers wait for their turn. */
  readonly lane: Lane
  readonly core: Core
  readonly tree: SubscriptionTree
  readonly retained: Retained
  readonly sessions: Sessions
  readonly connections: Connections
  /** The body of the answer to a device that asks for its next certificate. */
  readonly renew: (certificate: GoodCertificate, csr: Buffer) => Promise<object>
  /** Somebody of whom there is no user was turned away, over TLS. */
  readonly onStranger: (stranger: Stranger) => void
  /** A user has come in; with a certificate, this one was seen in use. */
  readonly onAdmitted: (username: string, address: string, certificate: GoodCertificate | undefined) => void
}
