import { RENEW, RENEWED } from "../../access/renewal-rights.ts"
import { GatewayError, reasonOf } from "../../errors.ts"
import { Message } from "../message.ts"
import type { Connection } from "./connection.ts"

/** Whether a topic is the one on which this connection's own certificate is renewed. */
export function isRenewal({ user, certificate }: Connection, topic: string): boolean {
  return certificate !== undefined && user !== undefined && topic === RENEW.replace("%u", user.username)
}

/**
 * A device asks for its next certificate. The request goes to nobody but the gateway; the answer is a message of the
 * gateway's on the user's own topic, never retained. Who asks is known from TLS alone, whatever the request says.
 */
export function receiveRenewal(connection: Connection, csr: Buffer): void {
  const { certificate, exchange, user } = connection
  if (certificate === undefined || user === undefined) return
  const topic = RENEWED.replace("%u", user.username)
  const answer = (body: object) => {
    const payload = Buffer.from(JSON.stringify(body))
    exchange.core.publish(new Message(topic, payload, 1, false, "", undefined, undefined, true), null, () => {})
  }
  exchange.renew(certificate, Buffer.from(csr)).then(answer, (error) => {
    const known = error instanceof GatewayError
    const detail = known ? error.message : "the gateway could not renew the certificate; its log says why"
    if (known) connection.note("renewal-refused", `${user.username} was not given a certificate: ${detail}`)
    else exchange.log.error("renewal failed", { user: user.username, reason: reasonOf(error) })
    answer({ ok: false, code: known ? error.code : "internal", detail })
  })
}
