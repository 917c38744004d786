import { createHash } from "node:crypto"
import { isUsername } from "../access/username.ts"
import type { Clock } from "../clock.ts"
import { GatewayError } from "../errors.ts"
import { assertReachable } from "./address.ts"
import { assertSite, keyPem, newKey, openAuthority } from "./authority-material.ts"
import { type CsrAccepted, parseCsr } from "./csr.ts"
import { encode } from "./der.ts"
import type { IssueEntry, IssueLog } from "./issue-log.ts"
import type { IssuedRecord } from "./issue-record.ts"
import { displayed } from "./name.ts"
import { pem } from "./pem.ts"
import { deviceCertificate, type Issuer, newSerial, serverCertificate, spkiOf } from "./profile.ts"
import { spkiHash } from "./public-key.ts"
import { Revocations } from "./revocations.ts"
import { DAY, DEFAULT_LIFETIME, endOfLife, type Lifetime } from "./validity.ts"

export interface AuthorityParts {
  readonly rootCertPem: string
  readonly issuingCertPem: string
  readonly issuingKeyPem: string
  readonly site: string
  readonly log: IssueLog
  readonly clock: Clock
  /** How long a certificate lives when its request does not say; 398 days when undefined. */
  readonly lifetime?: Lifetime | undefined
}

export interface IssueRequest {
  /** The username the certificate will stand for. */
  readonly commonName: string
  readonly csr: string | Buffer
  /** Days, or "never" for no end; the authority's own when undefined. */
  readonly lifetimeDays?: Lifetime | undefined
  /** Where the private key was made; the device, unless said otherwise. */
  readonly keyOrigin?: "device" | "gateway"
  /** Who asked, and the way it was asked; both for the log. */
  readonly by: string
  readonly through: string
  /** Told of the certificate before it is recorded, and thus before it counts; what it rejects with stops the issue. */
  readonly beforeRecord?: (signed: Issued) => Promise<void>
  /** Serial number of the certificate that this one takes the place of. */
  readonly renews?: string
}

/** A device's certificate as it is handed out. */
export interface Issued {
  /** Lower-case hex, 32 digits. */
  readonly serial: string
  /** SHA-256 of the DER, lower-case hex. */
  readonly fingerprint: string
  readonly certificatePem: string
  /** Leaf and issuing authority, as a device presents them. */
  readonly chainPem: string
  readonly rootPem: string
  /** Milliseconds since the epoch. */
  readonly notAfter: number
  readonly commonName: string
  readonly spkiHash: string
}

export interface ServerRequest {
  readonly names: readonly string[]
  /** IPv4 and IPv6, without zones. */
  readonly addresses: readonly string[]
  readonly lifetimeDays?: Lifetime
}

/** A server's certificate with its fresh key. */
export interface IssuedServer {
  readonly keyPem: string
  /** Leaf and issuing authority. */
  readonly certPem: string
  readonly serial: string
  readonly fingerprint: string
  /** Milliseconds since the epoch. */
  readonly notAfter: number
  readonly names: readonly string[]
  readonly addresses: readonly string[]
}

/** Our own authority: it issues, revokes, and says what it revoked. Everything it signs is in the issue log first. */
export class Authority {
  /** Both in PEM. TLS needs both: without the root no path ends, without the issuing one devices must send it. */
  readonly anchors: readonly [issuingPem: string, rootPem: string]
  readonly log: IssueLog
  readonly #site: string
  readonly #clock: Clock
  readonly #lifetime: Lifetime
  readonly #issuer: Issuer
  /** SPKI hashes of our own keys. */
  readonly #ownKeys: ReadonlySet<string>
  readonly #revocations: Revocations

  /** Throws `GatewayError("state-unusable")` when the parts do not belong together, `config-invalid` for the site. */
  constructor({
    rootCertPem,
    issuingCertPem,
    issuingKeyPem,
    site,
    log,
    clock,
    lifetime = DEFAULT_LIFETIME,
  }: AuthorityParts) {
    assertSite(site)
    const { root, issuing, issuer } = openAuthority(rootCertPem, issuingCertPem, issuingKeyPem)
    this.anchors = [pem("CERTIFICATE", issuing.der), pem("CERTIFICATE", root.der)]
    this.log = log
    this.#site = site
    this.#clock = clock
    this.#lifetime = sound(lifetime)
    this.#issuer = issuer
    this.#revocations = new Revocations(log, issuer, clock)
    this.#ownKeys = new Set([root.spkiHash, issuing.spkiHash])
  }

  /**
   * Certifies the key of a request for a username. Rejects with `csr-refused` (a rule broken, another name in the
   * request, a key that serves another name or us), `bad-request` (username, lifetime) or `disk-failed`.
   */
  async issue(request: IssueRequest): Promise<Issued> {
    const { commonName, by, through, keyOrigin = "device", renews } = request
    if (!isUsername(commonName)) {
      throw new GatewayError("bad-request", `"${displayed(commonName)}" is no username; a certificate needs one`)
    }
    const notAfter = endOfLife(this.#clock.now(), sound(request.lifetimeDays ?? this.#lifetime))
    const { spki, spkiHash } = this.#accepted(request)
    const serial = newSerial()
    const der = deviceCertificate({ commonName, spki, serial, notAfter, site: this.#site }, this.#issuer)
    const replaced = renews === undefined ? {} : { renews }
    const what = { commonName, spkiHash, notAfter, keyOrigin, kind: "device", by, through, ...replaced } as const
    const record = this.#recordOf(der, serial, what)
    const signed = this.#handedOut(record, der)
    await request.beforeRecord?.(signed)
    await this.log.record(record)
    return signed
  }

  /** What was handed out for an entry of the log, once more; undefined where the log does not hold it. */
  reissued(entry: IssueEntry): Issued | undefined {
    return entry.der === undefined ? undefined : this.#handedOut(entry, Buffer.from(entry.der, "base64"))
  }

  #handedOut({ serial, sha256: fingerprint, notAfter, commonName, spkiHash }: Handed, der: Buffer): Issued {
    const certificatePem = pem("CERTIFICATE", der)
    const [issuingPem, rootPem] = this.anchors
    const chainPem = certificatePem + issuingPem
    return { serial, fingerprint, certificatePem, chainPem, rootPem, notAfter, commonName, spkiHash }
  }

  /** A server's certificate from our own authority, with a key made here. Rejects with `bad-request`, `disk-failed`. */
  async issueServer({ names, addresses, lifetimeDays = DEFAULT_LIFETIME }: ServerRequest): Promise<IssuedServer> {
    assertReachable(names, addresses)
    const notAfter = endOfLife(this.#clock.now(), sound(lifetimeDays))
    const key = newKey()
    const spki = encode(spkiOf(key))
    const commonName = names.find((name) => name.length <= 64) ?? this.#site
    const serial = newSerial()
    const der = serverCertificate({ commonName, spki, serial, notAfter, names, addresses }, this.#issuer)
    const what = { commonName, spkiHash: spkiHash(spki), notAfter, keyOrigin: "gateway", kind: "server" } as const
    const record = this.#recordOf(der, serial, { ...what, by: "gateway", through: "gateway" })
    await this.log.record(record)
    const certPem = pem("CERTIFICATE", der) + this.anchors[0]
    return {
      keyPem: keyPem(key),
      certPem,
      serial: record.serial,
      fingerprint: record.sha256,
      notAfter,
      names,
      addresses,
    }
  }

  /** A certificate of the log with the authority that signed it, PEM; undefined where the log does not hold it. */
  chainOf({ der }: IssueEntry): string | undefined {
    return der && pem("CERTIFICATE", Buffer.from(der, "base64")) + this.anchors[0]
  }

  /**
   * Revokes for good, and with a certificate in force all that it was renewed to: whoever stole its key could renew it
   * too. One that was superseded takes its successor along only when its key is said to be compromised. Rejects with
   * `not-found` and `disk-failed`; a certificate revoked before stays as it is.
   */
  async revoke(serial: string, reason: string, by: string): Promise<IssueEntry> {
    const before = this.log.find(serial)?.state
    const entry = await this.log.revoke(serial, reason, by, this.#clock.now())
    if (before === "superseded" && reason !== "key-compromise") return entry
    for (const later of this.log.ofUser(entry.commonName)) {
      if (later.renews === serial && later.state !== "revoked") await this.revoke(later.serial, reason, by)
    }
    return entry
  }

  /** Told of every certificate revoked or superseded, in the same turn. Answers how to stop listening. */
  onRevoked(listener: (entry: IssueEntry) => void): () => void {
    return this.log.onEnded(listener)
  }

  /** The revocation list of the issuing authority, for others: we ask the log. */
  crl(): { readonly pem: string; readonly der: Buffer } {
    const der = this.#revocations.list()
    return { pem: pem("X509 CRL", der), der }
  }

  /** Whether a clock that shows `now` (milliseconds) lies more than a day before our newest certificate. */
  clockBehind(now: number): boolean {
    return now < this.log.newestAt - DAY
  }

  #accepted({ commonName, csr }: IssueRequest): CsrAccepted {
    const verdict = parseCsr(csr)
    if (!verdict.ok) throw new GatewayError("csr-refused", verdict.sentence)
    if (verdict.commonName !== undefined && verdict.commonName !== commonName) {
      throw new GatewayError(
        "csr-refused",
        `the request names ${verdict.commonName}, the certificate is for ${commonName}; make the request for ${commonName} or without a common name`,
      )
    }
    if (this.#ownKeys.has(verdict.spkiHash)) {
      throw new GatewayError("csr-refused", "the request carries a key of this gateway's own authority; make a new key")
    }
    if (this.log.ofKey(verdict.spkiHash).some((entry) => entry.change?.reason === "key-compromise")) {
      throw new GatewayError("csr-refused", "the public key was revoked as compromised; make a new key in the device")
    }
    return verdict
  }

  #recordOf(der: Buffer, serial: Buffer, what: Omit<IssuedRecord, Filled>): Omit<IssuedRecord, "record"> {
    return {
      ...what,
      serial: serial.toString("hex"),
      sha256: createHash("sha256").update(der).digest("hex"),
      der: der.toString("base64"),
      at: this.#clock.now(),
      authority: this.#issuer.keyId.toString("hex"),
    }
  }
}

type Handed = Pick<IssuedRecord, "serial" | "sha256" | "notAfter" | "commonName" | "spkiHash">
type Filled = "record" | "serial" | "sha256" | "der" | "at" | "authority"

function sound(lifetime: Lifetime): Lifetime {
  if (lifetime === "never" || (Number.isInteger(lifetime) && lifetime >= 1 && lifetime <= 36_500)) return lifetime
  throw new GatewayError("bad-request", 'a lifetime is a whole number of days from 1 to 36500, or "never"')
}
