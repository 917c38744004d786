import { Reason, type ReasonCode } from "../wire/reason.ts"

/** Why a client is gone, for whoever looks at its history. */
export interface Departure {
  /** Stable, for programs. */
  readonly cause:
    | "lost"
    | "closed"
    | "keep-alive"
    | "taken-over"
    | "ended"
    | "certificate-expired"
    | "stopping"
    | "protocol-error"
    | "fault"
  /** The same in words. */
  readonly detail: string
}

export const LOST: Departure = { cause: "lost", detail: "the connection broke without a goodbye" }
export const SAID_GOODBYE: Departure = { cause: "closed", detail: "the client said goodbye" }

/** For a connection that the gateway ended with `reason`; `why` says it in words. */
export function departureFor(reason: ReasonCode, why: string): Departure {
  return { cause: CAUSES[reason] ?? "protocol-error", detail: why }
}

const CAUSES: Readonly<Partial<Record<ReasonCode, Departure["cause"]>>> = {
  [Reason.keepAliveTimeout]: "keep-alive",
  [Reason.sessionTakenOver]: "taken-over",
  [Reason.administrativeAction]: "ended",
  [Reason.notAuthorized]: "certificate-expired",
  [Reason.serverShuttingDown]: "stopping",
  [Reason.unspecified]: "fault",
}
