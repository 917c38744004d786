import { z } from "zod"
import type { Clock } from "../clock.ts"
import type { Document } from "../document.ts"
import { needsReissue } from "./server-certificate.ts"

export const SERVER_CERTIFICATE_FORMAT = "gatehouse-server-certificate"

const serverCertificate = z.strictObject({
  keyPem: z.string(),
  certPem: z.string(),
  notAfter: z.number(),
  names: z.array(z.string()),
  addresses: z.array(z.string()),
})

/** A server certificate with its key, as it is kept over a restart. */
export type ServerCertificate = z.infer<typeof serverCertificate>

export const serverCertificateDocument = z.strictObject({
  format: z.literal(SERVER_CERTIFICATE_FORMAT),
  version: z.literal(1),
  current: serverCertificate.nullable(),
})

export type ServerCertificateDocument = z.infer<typeof serverCertificateDocument>

export function noServerCertificate(): ServerCertificateDocument {
  return { format: SERVER_CERTIFICATE_FORMAT, version: 1, current: null }
}

/** What an authority hands out for a server. */
export interface IssuedServerCertificate {
  readonly keyPem: string
  /** Leaf first. */
  readonly certPem: string
  /** Milliseconds since the epoch. */
  readonly notAfter: number
}

/** How and where a server is to be reached: the subject alternative names of its certificate. */
export interface Reachable {
  readonly names: readonly string[]
  readonly addresses: readonly string[]
}

export interface KeptCertificateParts {
  readonly document: Document<ServerCertificateDocument>
  readonly issue: (reachable: Reachable) => Promise<IssuedServerCertificate>
  readonly reachable: () => Reachable
  readonly clock: Clock
}

/** A server certificate that is issued again, in time and whenever the names or addresses of the machine change. */
export class KeptCertificate {
  readonly #parts: KeptCertificateParts

  constructor(parts: KeptCertificateParts) {
    this.#parts = parts
  }

  /** Undefined before the first `check`. */
  get current(): ServerCertificate | undefined {
    return this.#parts.document.value.current ?? undefined
  }

  /** To be called at the start and every minute. Resolves with why a new one was issued, null when none was needed. */
  async check(): Promise<string | null> {
    const { document, issue, reachable, clock } = this.#parts
    const wanted = reachable()
    const reason = needsReissue(this.current, wanted.names, wanted.addresses, clock.now())
    if (reason === null) return null
    const { keyPem, certPem, notAfter } = await issue(wanted)
    const current = { keyPem, certPem, notAfter, names: [...wanted.names], addresses: [...wanted.addresses] }
    await document.update((before) => ({ ...before, current }))
    return reason
  }
}
