import { Reason } from "../wire/reason.ts"
import type { Connection } from "./connection.ts"
import { refuse } from "./refusal.ts"

/** Ends the connection if it is past a deadline. `now` is in milliseconds since the epoch. */
export function checkDeadlines(connection: Connection, now: number): void {
  const { closed, session, exchange, pulse, certificate, intake, established } = connection
  if (closed) return
  if (intake.isHeldUp) pulse.beat() // its signs of life wait in the socket
  if (session === undefined) {
    const late = pulse.isOlderThan(exchange.limits.connectSeconds)
    if (late && !intake.awaitsAdmission) tooLate(connection) // a client whose password waits for its turn has done its part
  } else if (established && !pulse.isKeptAlive) {
    exchange.counters.keepAliveTimeouts++
    connection.end(Reason.keepAliveTimeout, "keep alive timeout") // [MQTT-3.1.2-22]
  } else if (certificate !== undefined && certificate.notAfter <= now) {
    connection.end(Reason.notAuthorized, "certificate expired")
  }
}

function tooLate(connection: Connection): void {
  const { limits, counters } = connection.exchange
  counters.limitConnectDeadline++
  const sentence = `no complete CONNECT came within ${limits.connectSeconds} s`
  refuse(connection, Reason.unspecified, "connect-timeout", sentence, "")
}
