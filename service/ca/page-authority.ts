import type { Clock } from "../clock.ts"
import { GatewayError } from "../errors.ts"
import { assertReachable, isHostName, isPrivateAddress } from "./address.ts"
import { assertSite, keyPem, newKey } from "./authority-material.ts"
import { type Certificate, readCertificate } from "./certificate.ts"
import { encode } from "./der.ts"
import { fingerprintWords } from "./fingerprint-words.ts"
import { pem, pemBlocks } from "./pem.ts"
import { type Issuer, issuerFrom, newSerial, pageAuthorityCertificate, serverCertificate, spkiOf } from "./profile.ts"
import { DAY } from "./validity.ts"

/** The page's authority on the disk, in PEM. */
export interface PageAuthorityMaterial {
  readonly certPem: string
  readonly keyPem: string
}

/** The page's certificate with its fresh key, in PEM; leaf and authority. */
export interface PageCertificate {
  readonly certPem: string
  readonly keyPem: string
  /** Milliseconds since the epoch. */
  readonly notAfter: number
  readonly names: readonly string[]
  readonly addresses: readonly string[]
}

/** From the first to the last moment; browsers refuse more than 398 days. */
export const PAGE_LIFETIME = 397

/**
 * A new authority for the page alone, apart from the devices': people install it in browsers, so it can speak only for
 * these host names, those below them, and addresses that are not of the public internet. Throws `bad-request` without a
 * host name, `config-invalid` for the site.
 */
export function createPageAuthority(site: string, names: readonly string[]): PageAuthorityMaterial {
  assertSite(site)
  if (names.length === 0 || !names.every(isHostName)) {
    throw new GatewayError("bad-request", "the page's authority needs the host names of this gateway, at least one")
  }
  const key = newKey()
  return { certPem: pem("CERTIFICATE", pageAuthorityCertificate(`${site} Page`, key, names)), keyPem: keyPem(key) }
}

/** Issues the page's certificates. */
export class PageAuthority {
  readonly certPem: string
  readonly #certificate: Certificate
  readonly #issuer: Issuer
  readonly #clock: Clock

  /** Throws `GatewayError("state-unusable")` when the parts cannot be read or do not fit. */
  constructor({ certPem, keyPem }: PageAuthorityMaterial, clock: Clock) {
    this.certPem = certPem
    this.#clock = clock
    try {
      this.#certificate = readCertificate(pemBlocks(certPem)[0]!.der!)
      this.#issuer = issuerFrom(certPem, keyPem)
    } catch (cause) {
      throw unusable(cause)
    }
    if (!this.#certificate.x509.checkPrivateKey(this.#issuer.key)) throw unusable()
  }

  /** SHA-256 of the certificate, lower-case hex: what a person compares before installing it. */
  get fingerprint(): string {
    return this.#certificate.fingerprint
  }

  /** The same in words, for a person's eyes and ears. */
  get words(): readonly string[] {
    return fingerprintWords(this.#certificate.fingerprint)
  }

  get der(): Buffer {
    return this.#certificate.der
  }

  /** The only host names it may speak for, with those below them. */
  get names(): readonly string[] {
    return this.#certificate.extensions.permittedNames
  }

  /** Whether the name constraints let it speak for a host name; a new name of the gateway needs a new authority. */
  permits(name: string): boolean {
    const { permittedNames } = this.#certificate.extensions
    const lower = name.toLowerCase()
    return permittedNames.map((one) => one.toLowerCase()).some((one) => lower === one || lower.endsWith(`.${one}`))
  }

  /** A certificate for the page. Throws `bad-request` for a name or address outside the constraints. */
  issue(names: readonly string[], addresses: readonly string[]): PageCertificate {
    assertReachable(names, addresses)
    const outside = names.find((name) => !this.permits(name)) ?? addresses.find((one) => !isPrivateAddress(one))
    const commonName = names.find((name) => name.length <= 64)
    if (outside !== undefined || commonName === undefined) {
      throw new GatewayError(
        "bad-request",
        `the page's authority may not speak for ${outside ?? "addresses alone"}; create a new one or leave it out`,
      )
    }
    const key = newKey()
    // browsers count the whole validity, so the page cannot begin in 2020 as our other certificates do
    const notBefore = Math.floor(this.#clock.now() / 1000) * 1000 - DAY
    const notAfter = notBefore + PAGE_LIFETIME * DAY
    const leaf = { commonName, spki: encode(spkiOf(key)), serial: newSerial(), notBefore, notAfter, names, addresses }
    const certPem = pem("CERTIFICATE", serverCertificate(leaf, this.#issuer)) + this.certPem
    return { certPem, keyPem: keyPem(key), notAfter, names, addresses }
  }
}

function unusable(cause?: unknown): GatewayError {
  const message =
    "the page's authority and its key do not belong together; restore both, or remove both to create new ones"
  return new GatewayError("state-unusable", message, { cause })
}
