import type { RefusalCause } from "../../access/refusal-cause.ts"
import { connackFrame } from "../wire/encode.ts"
import type { ReasonCode } from "../wire/reason.ts"
import type { Connection } from "./connection.ts"

/** Characters of a reason string at most. */
const LONGEST_REASON = 200

/** Turns the client away before it was admitted: noted at the door, answered, closed. `told` may reach the client. */
export function refuse(
  connection: Connection,
  reason: ReasonCode,
  cause: RefusalCause,
  sentence: string,
  name: string,
  told?: string,
): void {
  if (connection.closed) return
  const { exchange, origin, version, version5, sender } = connection
  const { door, counters, log } = exchange
  counters.connectionsRefused++
  door.record({ cause, sentence, name, address: origin.address })
  log.info("client refused", { cause, name, address: origin.address, listener: origin.listener })
  if (version !== 0) {
    const properties = version5 && told !== undefined ? { reasonString: told.slice(0, LONGEST_REASON) } : undefined
    connection.send(connackFrame(version, false, reason, properties, sender.maximumPacketSize))
  }
  connection.leave()
}
