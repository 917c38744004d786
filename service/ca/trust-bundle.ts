import { z } from "zod"
import type { Clock } from "../clock.ts"
import type { Document } from "../document.ts"
import { GatewayError } from "../errors.ts"
import { type Certificate, readCertificate } from "./certificate.ts"
import { encode } from "./der.ts"
import { type OutsideRevocation, readRevocationList } from "./outside-revocation.ts"
import { pem, pemBlocks } from "./pem.ts"
import {
  authorityId,
  type OutsideAuthority,
  readBundle,
  refused,
  scopePattern,
  subjectOf,
  type TrustDocument,
} from "./trust-document.ts"

/** An outside authority as it is shown. */
export interface ListedAuthority extends OutsideAuthority {
  readonly subject: string
  /** SHA-256 of the DER, lower-case hex. */
  readonly fingerprint: string
  /** Milliseconds since the epoch. */
  readonly notAfter: number
  readonly revocation: OutsideRevocation | undefined
}

/** An outside authority with its certificate read. */
export interface Outside {
  readonly authority: OutsideAuthority
  readonly certificate: Certificate
  readonly revocation: OutsideRevocation | undefined
}

const addition = z.strictObject({
  /** The bundle's only certificate gets this id; without it an id is made from the key. */
  id: authorityId.optional(),
  name: z.string().min(1).max(90).optional(),
  scope: scopePattern,
  by: z.string().min(1).max(200),
})

export type Addition = z.input<typeof addition>

/** The outside authorities: kept on the disk, read once, replaced as a whole. */
export class TrustBundle {
  readonly #document: Document<TrustDocument>
  readonly #own: readonly Certificate[]
  readonly #clock: Clock
  readonly #listeners = new Set<() => void>()
  #outside: ReadonlyMap<string, Outside>

  /** `own` are our anchors. Throws `GatewayError("document-damaged")` when a stored certificate cannot be read. */
  constructor(document: Document<TrustDocument>, own: readonly Certificate[], clock: Clock) {
    this.#document = document
    this.#own = own
    this.#clock = clock
    this.#outside = outsideOf(document.value)
  }

  /** By id, in the order they were added. */
  get outside(): ReadonlyMap<string, Outside> {
    return this.#outside
  }

  list(): ListedAuthority[] {
    return Array.from(this.#outside.values(), listed)
  }

  /**
   * Adds every certificate of a PEM bundle, or none. Rejects with `certificate-refused` (no authority, not valid now,
   * trusted already, our own), `bad-request` (id, name or scope), `conflict` (the id is taken) or `disk-failed`.
   */
  async add(bundle: string, wanted: Addition): Promise<ListedAuthority[]> {
    const options = checked(wanted)
    const certificates = readBundle(bundle, this.#clock.now())
    if (options.id !== undefined && certificates.length > 1) {
      throw new GatewayError("bad-request", `the id ${options.id} is for one certificate; add the bundle without an id`)
    }
    const added = certificates.map((certificate) => this.#authority(certificate, options))
    await this.#change((current) => this.#extended(current, added))
    return added.map(({ id }) => listed(this.#outside.get(id)!))
  }

  /** Rejects with `not-found` and `disk-failed`. */
  async remove(id: string): Promise<void> {
    await this.#change((current) => {
      const authorities = current.authorities.filter((authority) => authority.id !== id)
      if (authorities.length < current.authorities.length) return { ...current, authorities }
      throw new GatewayError("not-found", `there is no trusted authority ${id}; see the list of authorities`)
    })
  }

  /**
   * Takes a revocation list of an authority in the place of the one before. Rejects with `not-found`, `disk-failed` and
   * `certificate-refused` (not its list, or older than the one in force).
   */
  async setRevocationList(id: string, list: Buffer): Promise<ListedAuthority> {
    await this.#change((current) => {
      const known = this.#outside.get(id)
      if (known === undefined) {
        throw new GatewayError("not-found", `there is no trusted authority ${id}; see the list of authorities`)
      }
      const { der, thisUpdate } = readRevocationList(list, known.certificate)
      if (thisUpdate < (known.revocation?.thisUpdate ?? 0)) {
        throw refused("the revocation list is older than the one in force; send the latest")
      }
      const revocationList = der.toString("base64")
      const authorities = current.authorities.map((one) => (one.id === id ? { ...one, revocationList } : one))
      return { ...current, authorities }
    })
    return listed(this.#outside.get(id)!)
  }

  /** Told when authorities were added or removed, in the same turn. Answers how to stop listening. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  async #change(change: (current: TrustDocument) => TrustDocument): Promise<void> {
    // not what update answers: a later change may be in force by the time this one is told of its own
    await this.#document.update(change)
    this.#outside = outsideOf(this.#document.value)
    for (const listener of this.#listeners) listener()
  }

  #authority(certificate: Certificate, { id, name, scope, by }: z.infer<typeof addition>): OutsideAuthority {
    return {
      id: id ?? `ca-${certificate.spkiHash.slice(0, 16)}`,
      name: name ?? subjectOf(certificate).slice(0, 100),
      certificatePem: pem("CERTIFICATE", certificate.der),
      scope,
      addedAt: this.#clock.now(),
      addedBy: by,
    }
  }

  #extended(current: TrustDocument, added: readonly OutsideAuthority[]): TrustDocument {
    const authorities = [...current.authorities]
    for (const authority of added) {
      this.#assertNew(certificateIn(authority), authorities)
      if (authorities.some(({ id }) => id === authority.id)) {
        throw new GatewayError("conflict", `there is a trusted authority ${authority.id} already; choose another id`)
      }
      authorities.push(authority)
    }
    return { ...current, authorities }
  }

  #assertNew(certificate: Certificate, authorities: readonly OutsideAuthority[]): void {
    const what = subjectOf(certificate)
    const subject = encode(certificate.subject)
    // by its key, for that is what signs; by its name too, for OpenSSL would take one for the other on the way
    if (this.#own.some((own) => own.spkiHash === certificate.spkiHash || encode(own.subject).equals(subject))) {
      throw refused(
        `${what} has the key or the name of this gateway's own authority, which is trusted anyway; leave it out`,
      )
    }
    const twin = authorities.find((known) => certificateIn(known).spkiHash === certificate.spkiHash)
    if (twin !== undefined)
      throw refused(`${what} has the key of ${twin.name} (${twin.id}), trusted already; leave it out`)
  }
}

function checked(wanted: Addition): z.infer<typeof addition> {
  const parsed = addition.safeParse(wanted)
  if (parsed.success) return parsed.data
  const problems = parsed.error.issues.map((issue) => `${issue.path.join(".")}: ${issue.message}`)
  throw new GatewayError("bad-request", `the authority cannot be added; ${problems.join("; ")}`)
}

function outsideOf({ authorities }: TrustDocument): Map<string, Outside> {
  return new Map(authorities.map((authority) => [authority.id, opened(authority)]))
}

function opened(authority: OutsideAuthority): Outside {
  const certificate = certificateIn(authority)
  const { revocationList: list } = authority
  const revocation = list === undefined ? undefined : readRevocationList(Buffer.from(list, "base64"), certificate)
  return { authority, certificate, revocation }
}

function certificateIn({ id, certificatePem }: OutsideAuthority): Certificate {
  try {
    return readCertificate(pemBlocks(certificatePem)[0]!.der!)
  } catch (cause) {
    const message = `the certificate of the trusted authority ${id} is damaged; restore the trust bundle from a backup`
    throw new GatewayError("document-damaged", message, { cause })
  }
}

function listed({ authority, certificate, revocation }: Outside): ListedAuthority {
  const { fingerprint, notAfter } = certificate
  return { ...authority, subject: subjectOf(certificate), fingerprint, notAfter, revocation }
}
