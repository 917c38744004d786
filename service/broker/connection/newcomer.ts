import { randomBytes } from "node:crypto"
import type { Policy } from "../../access/policy.ts"
import type { User } from "../../access/user.ts"
import type { Admitted, GoodCertificate } from "../gate/admission.ts"
import { policyOf } from "../gate/authorization.ts"
import type { Connect } from "../wire/packet.ts"
import type { Exchange } from "./exchange.ts"
import { type Terms, termsOf } from "./terms.ts"

/** Who is known and wants in: as whom, and what would hold on the connection. */
export interface Newcomer {
  /** As it counts, which may be less than the client sent. */
  readonly packet: Connect
  readonly user: User
  /** Undefined for a password. */
  readonly certificate: GoodCertificate | undefined
  readonly clientId: string
  readonly policy: Policy
  readonly terms: Terms
}

export function newcomerOf({ directory, limits }: Exchange, sent: Connect, { user, certificate }: Admitted): Newcomer {
  const isRenewal = certificate?.renewalOnly === true
  const packet = isRenewal ? forRenewal(sent) : sent
  const clientId = isRenewal ? unused("renewal") : sent.clientId === "" ? unused("auto") : sent.clientId
  const policy = policyOf(directory, user, clientId, certificate)
  return { packet, user, certificate, clientId, policy, terms: termsOf(limits, packet, clientId) }
}

/**
 * An expired certificate within its grace lets a device in to renew it. It neither takes over nor reads its session, which
 * waits for the new certificate, and leaves no will.
 */
function forRenewal(packet: Connect): Connect {
  return { ...packet, clean: true, sessionExpiry: 0, will: undefined }
}

/** A client identifier that nobody has [MQTT-3.1.3-6]. */
function unused(stem: string): string {
  return `${stem}-${randomBytes(10).toString("hex")}`
}
