import type { Admitted, TurnedAway } from "../gate/admission.ts"
import type { Connect } from "../wire/packet.ts"
import { Reason } from "../wire/reason.ts"
import { accept } from "./accept.ts"
import type { Connection } from "./connection.ts"
import { newcomerOf } from "./newcomer.ts"
import { objectionTo } from "./objection.ts"
import { refuse } from "./refusal.ts"

/** CONNECT, step by step: who is it, may it have this client identifier and this will, then CONNACK. */
export function receiveConnect(connection: Connection, packet: Connect): void {
  connection.pauseReading()
  connection.exchange.lane.enter(connection.origin.address, () => {
    if (!connection.closed) connection.guarded(() => judge(connection, packet))
  })
}

function judge(connection: Connection, packet: Connect): void {
  connection.sender.maximumPacketSize = packet.maximumPacketSize ?? Number.POSITIVE_INFINITY
  if (packet.authenticationMethod !== undefined) {
    const sentence = "the client asked for enhanced authentication, which is not offered"
    return refuse(connection, Reason.badAuthenticationMethod, "enhanced-authentication", sentence, "", sentence)
  }
  const admission = connection.exchange.admission.admit(packet, connection.origin)
  if (!(admission instanceof Promise)) return decide(connection, packet, admission)
  admission.then(
    (outcome) => connection.guarded(() => decide(connection, packet, outcome)),
    (error) => connection.fail(error),
  )
}

function decide(connection: Connection, packet: Connect, admission: Admitted | TurnedAway): void {
  if (connection.closed) return // it left while its password was checked
  if (!admission.ok) return turnAway(connection, packet, admission)
  const newcomer = newcomerOf(connection.exchange, packet, admission)
  const { username } = newcomer.user
  const objection = objectionTo(connection, newcomer)
  if (objection !== null) {
    return refuse(connection, objection.reason, objection.cause, objection.sentence, username, objection.sentence)
  }
  accept(connection, newcomer)
  if (newcomer.certificate?.renewalOnly !== true) return
  const sentence = `the certificate of ${username} has expired; it was let in to renew it, and for nothing else`
  connection.note("certificate-expired", sentence)
}

function turnAway(connection: Connection, packet: Connect, admission: TurnedAway): void {
  const { reason, cause, sentence, name } = admission
  if (cause === "unknown-user") rememberStranger(connection, packet, admission)
  refuse(connection, reason, cause, sentence, name, reason === Reason.badUserNameOrPassword ? undefined : sentence)
}

/** Plain listeners never register anyone. */
function rememberStranger({ exchange, origin }: Connection, packet: Connect, { certificate }: TurnedAway): void {
  if (origin.listener === "mqtt" || origin.listener === "ws") return
  const { address } = origin
  if (certificate !== undefined) {
    const { commonName: name, issuer, fingerprint, spkiHash } = certificate
    exchange.onStranger({ method: "certificate", name, address, issuer, fingerprint, spkiHash })
  } else if (packet.username !== undefined && packet.password !== undefined) {
    exchange.onStranger({ method: "password", name: packet.username, address, password: Buffer.from(packet.password) })
  }
}
