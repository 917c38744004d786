import type { Session } from "../session/session.ts"
import { Reason, violated } from "../wire/reason.ts"
import type { Connection } from "./connection.ts"

const PUBACK = 4
const PUBREC = 5
const PUBREL = 6
const PUBCOMP = 7

/** PUBACK, PUBREC, PUBREL or PUBCOMP from a client. */
export function receiveAcknowledge(
  connection: Connection,
  type: 4 | 5 | 6 | 7,
  packetId: number,
  reason: number,
): void {
  const { session, version5 } = connection
  if (session === undefined) return
  if (type === PUBREL) return receiveRelease(connection, session, packetId)
  const item = session.window.get(packetId)
  if (item === undefined) {
    // after a reconnect either side may repeat what the other has finished with; only a PUBREC needs an answer
    if (session.acknowledgeEarly(type, packetId)) return
    if (type === PUBREC && reason < 0x80)
      connection.sendAcknowledge(PUBREL, packetId, version5 ? Reason.packetIdentifierNotFound : 0)
    return
  }
  if ((type === PUBACK) !== (item.qos === 1)) violated(`packet type ${type} acknowledges a QoS ${item.qos} message`)
  if (type === PUBREC && reason < 0x80) return session.release(item)
  if (type === PUBCOMP && !item.released) violated("PUBCOMP before PUBREC")
  session.settle(packetId)
}

/** PUBREL: the packet identifier may be used again once the disk has forgotten it, or its next message would be lost. */
function receiveRelease(connection: Connection, session: Session, packetId: number): void {
  const known = session.incoming.delete(packetId)
  const complete = () =>
    connection.sendAcknowledge(PUBCOMP, packetId, known ? Reason.success : Reason.packetIdentifierNotFound)
  if (known && session.durable) connection.exchange.ledger.released(session, packetId, complete)
  else complete()
}
