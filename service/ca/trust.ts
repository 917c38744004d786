import { createHash } from "node:crypto"
import { OWN_ISSUER } from "../access/user.ts"
import type { Clock } from "../clock.ts"
import type { Document } from "../document.ts"
import { readCertificate } from "./certificate.ts"
import type { IssueLog } from "./issue-log.ts"
import { aboutLeaf, judgeLeaf, readIntermediates, readLeaf } from "./leaf.ts"
import { type Anchor, findPath } from "./path.ts"
import { pemBlocks } from "./pem.ts"
import { refusal, refusedByTls, unknownAuthority } from "./refusals.ts"
import { isStrongSignature } from "./signature.ts"
import { type Addition, type ListedAuthority, TrustBundle } from "./trust-bundle.ts"
import { scopeCovers, type TrustDocument } from "./trust-document.ts"
import { dateOf } from "./validity.ts"
import { type Distrusted, distrusted, type PresentedCertificate, type Trusted, type Verdict } from "./verdict.ts"

export { type TrustDocument, trustDocument } from "./trust-document.ts"
export type { Cause, Distrusted, PresentedCertificate, Trusted, Verdict } from "./verdict.ts"

export interface TrustParts {
  /** Our own authority: its anchors in PEM, and its issue log. */
  readonly own: { readonly anchors: readonly string[]; readonly log: IssueLog }
  readonly outside: Document<TrustDocument>
  readonly clock: Clock
  /** How long an expired certificate of ours may still ask for its successor, in milliseconds. None by default. */
  readonly grace?: number
}

/** A leaf whose signatures and content are good for ever; only dates, log and scope are still to be asked. */
interface Proven {
  readonly trusted: Trusted
  readonly notBefore: number
}

const REMEMBERED = 10_000
/**
 * Who is believed: our own authority and the outside ones. A certificate is judged from its bytes alone, default deny;
 * what OpenSSL thought of it can only add a refusal.
 */
export class Trust {
  readonly #bundle: TrustBundle
  readonly #log: IssueLog
  readonly #clock: Clock
  readonly #grace: number
  readonly #ownPems: readonly string[]
  readonly #ownAnchors: readonly Anchor[]
  #anchors: readonly Anchor[]
  /** By fingerprint. A resumed TLS session brings no intermediates, and a storm of reconnects no new facts. */
  readonly #proven = new Map<string, Proven>()

  /** Throws `GatewayError("document-damaged")` when a stored certificate cannot be read. */
  constructor({ own, outside, clock, grace = 0 }: TrustParts) {
    this.#grace = grace
    this.#log = own.log
    this.#clock = clock
    this.#ownPems = own.anchors
    const certificates = own.anchors.map((text) => readCertificate(pemBlocks(text)[0]!.der!))
    this.#ownAnchors = certificates.map((certificate) => ({ id: OWN_ISSUER, certificate }))
    this.#bundle = new TrustBundle(outside, certificates, clock)
    this.#anchors = this.#allAnchors()
    this.#bundle.onChange(() => {
      this.#anchors = this.#allAnchors()
      this.#proven.clear()
    })
  }

  /** Trusts every certificate of a PEM bundle, or none; see `TrustBundle.add` for the refusals. */
  add(bundle: string, wanted: Addition): Promise<ListedAuthority[]> {
    return this.#bundle.add(bundle, wanted)
  }

  /** Rejects with `not-found` and `disk-failed`. */
  remove(id: string): Promise<void> {
    return this.#bundle.remove(id)
  }

  /** See `TrustBundle.setRevocationList`. */
  setRevocationList(id: string, list: Buffer): Promise<ListedAuthority> {
    return this.#bundle.setRevocationList(id, list)
  }

  /** Whether an outside authority of this id is trusted. */
  has(id: string): boolean {
    return this.#bundle.outside.has(id)
  }

  list(): ListedAuthority[] {
    return this.#bundle.list()
  }

  /** Told when the bundle changed: swap the TLS context, and ask `whyEnded` for every live session. */
  onChange(listener: () => void): () => void {
    return this.#bundle.onChange(listener)
  }

  /** What TLS is to be given as `ca`: both of ours, always, and the outside ones. */
  tlsAuthorities(): string[] {
    return [...this.#ownPems, ...this.list().map(({ certificatePem }) => certificatePem)]
  }

  /** Whether what a peer presented stands for a username now. Asked at every connection, resumed or not. */
  judge(presented: PresentedCertificate): Verdict {
    const now = this.#clock.now()
    const proven = this.#recall(presented, now) ?? this.#prove(presented, now)
    if ("cause" in proven) return proven
    const { trusted, notBefore } = proven
    if (now < notBefore) {
      return (
        this.#standing(trusted) ??
        refusal(trusted, "not-yet-valid", `is not valid before ${dateOf(notBefore)}; check the clocks`)
      )
    }
    const ended = this.whyEnded(trusted, now)
    if (ended?.cause === "expired") return this.#withGrace(ended, trusted, presented.authorizationError, now)
    return ended ?? refusedByTls(trusted, presented.authorizationError) ?? trusted
  }

  /**
   * OpenSSL's word for an expired certificate hides every other fault, so nothing of it is believed here: by now path,
   * signatures, purpose, name, issue log and revocation were all judged from the bytes (certificates A4).
   */
  #withGrace(ended: Distrusted, trusted: Trusted, tlsError: string | undefined, now: number): Distrusted {
    const until = trusted.notAfter + this.#grace
    const known = tlsError === undefined || tlsError === "CERT_HAS_EXPIRED"
    if (trusted.issuer !== OWN_ISSUER || now > until || !known) return ended
    return { ...ended, renewalOnly: { ...trusted, notAfter: until, renewalOnly: true } }
  }

  /** Why a live session must end: revoked, superseded, its authority gone, expired at `now`. Undefined: it goes on. */
  whyEnded(trusted: Trusted, now: number): Distrusted | undefined {
    const standing = this.#standing(trusted)
    if (standing !== undefined || now <= trusted.notAfter) return standing
    return refusal(
      trusted,
      "expired",
      `, or an authority above it, expired on ${dateOf(trusted.notAfter)}; issue a new one`,
    )
  }

  stillGood(trusted: Trusted, now: number): boolean {
    return this.whyEnded(trusted, now) === undefined
  }

  #allAnchors(): Anchor[] {
    return [...this.#ownAnchors, ...Array.from(this.#bundle.outside, ([id, { certificate }]) => ({ id, certificate }))]
  }

  /** What was proven before; outside its dates only for a resumed session, which cannot bring a better path. */
  #recall({ leaf, resumed }: PresentedCertificate, now: number): Proven | undefined {
    const known = this.#proven.get(fingerprintOf(leaf))
    const current = known !== undefined && known.notBefore <= now && now <= known.trusted.notAfter
    return current || resumed ? known : undefined
  }

  #prove(presented: PresentedCertificate, now: number): Proven | Distrusted {
    const read = readLeaf(presented.leaf, fingerprintOf(presented.leaf))
    if (!read.ok) return read
    const leaf = read.certificate
    const about = aboutLeaf(leaf)
    if (!isStrongSignature(leaf.algorithm)) {
      return distrusted(
        "weak-key",
        "the certificate is signed with an outdated algorithm; issue one signed with SHA-256",
        about,
      )
    }
    const intermediates = presented.resumed ? [] : readIntermediates(presented.intermediates)
    const path = findPath(leaf, intermediates, this.#anchors, now)
    if (path === undefined) return distrusted("unknown-authority", unknownAuthority(presented.resumed), about)
    const flaw = judgeLeaf(leaf)
    if (flaw !== undefined) return flaw
    const { serial, spkiHash, fingerprint } = leaf
    const [name] = leaf.commonNames
    const notAfter = Math.min(leaf.notAfter, path.until)
    const trusted: Trusted = {
      ok: true,
      commonName: name!.text,
      issuer: path.anchor.id,
      spkiHash,
      serial,
      top: path.top,
      fingerprint,
      notAfter,
    }
    return this.#remember({ trusted, notBefore: Math.max(leaf.notBefore, path.from) })
  }

  #remember(proven: Proven): Proven {
    const [oldest] = this.#proven.keys()
    if (this.#proven.size >= REMEMBERED && oldest !== undefined) this.#proven.delete(oldest)
    this.#proven.set(proven.trusted.fingerprint, proven)
    return proven
  }

  /** What may change from one moment to the next, dates apart: log, revocation, anchor, scope. */
  #standing(trusted: Trusted): Distrusted | undefined {
    return trusted.issuer === OWN_ISSUER ? this.#standingInLog(trusted) : this.#standingOutside(trusted)
  }

  #standingInLog(trusted: Trusted): Distrusted | undefined {
    const entry = this.#log.find(trusted.serial)
    const recorded = entry?.sha256 === trusted.fingerprint && entry.commonName === trusted.commonName
    if (entry === undefined || !recorded) {
      return refusal(
        trusted,
        "not-in-issue-log",
        "is signed by this gateway but not in its issue log; issue a new one, and find out who used the key",
      )
    }
    if (entry.state === "revoked") {
      return refusal(
        trusted,
        "revoked",
        `was revoked on ${dateOf(entry.change?.at ?? 0)} (${entry.change?.reason}); issue a new one`,
      )
    }
    if (entry.state !== "superseded") return undefined
    return refusal(trusted, "revoked", "was superseded: its successor has connected; the device must use the newer one")
  }

  #standingOutside(trusted: Trusted): Distrusted | undefined {
    const outside = this.#bundle.outside.get(trusted.issuer)
    if (outside === undefined) {
      return refusal(
        trusted,
        "unknown-authority",
        "is signed by an authority that is no longer trusted; add it again or issue a new one",
      )
    }
    const { scope, name } = outside.authority
    if (outside.revocation?.serials.has(trusted.top)) {
      return refusal(trusted, "revoked", `is on the revocation list of ${name}; have a new one issued there`)
    }
    if (!scopeCovers(scope, trusted.commonName)) {
      return refusal(
        trusted,
        "out-of-scope",
        `is signed by ${name}, which may speak for ${scope} only; widen the scope or rename`,
      )
    }
    if (!this.#log.hasIssuedFor(trusted.commonName)) return undefined
    return refusal(
      trusted,
      "out-of-scope",
      `is signed by ${name}, but this gateway itself issues for that name; use the gateway's`,
    )
  }
}

function fingerprintOf(der: Buffer): string {
  return createHash("sha256").update(der).digest("hex")
}
