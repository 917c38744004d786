import { type Certificate, isIssuedBy } from "./certificate.ts"
import { MalformedDer } from "./der.ts"
import { OID } from "./oid.ts"
import { judgeKey } from "./public-key.ts"
import { isStrongSignature } from "./signature.ts"

/** An authority that is trusted: ours ("gatehouse") or an outside one, by its id. */
export interface Anchor {
  readonly id: string
  readonly certificate: Certificate
}

/** A way from a leaf to an anchor on which every signature was verified. */
export interface Path {
  readonly anchor: Anchor
  /** Serial number of the certificate that the anchor itself signed. */
  readonly top: string
  /** The time in which every authority on it is valid, both ends included, milliseconds. */
  readonly from: number
  readonly until: number
}

/** Intermediates that a path may have. */
const LONGEST = 3

/** Intermediates that are looked at; a peer may send its root too. */
export const CONSIDERED = 4

/** RSA keys of authorities may be larger than those of devices. */
const LARGEST_RSA = 8192

/**
 * Finds the anchor of a certificate by keys, not by names: who is named as issuer proves nothing. Of several paths one
 * that is valid at `now` is preferred. Dates are not judged otherwise; undefined when there is no path at all.
 */
export function findPath(
  leaf: Certificate,
  intermediates: readonly Certificate[],
  anchors: readonly Anchor[],
  now: number,
): Path | undefined {
  const offered = intermediates.filter((one) => authorityFlaw(one) === null)
  const current = (one: Certificate) => one.notBefore <= now && now <= one.notAfter
  return (
    climb(
      leaf,
      offered.filter(current),
      anchors.filter((anchor) => current(anchor.certificate)),
      0,
    ) ?? climb(leaf, offered, anchors, 0)
  )
}

function climb(
  child: Certificate,
  offered: readonly Certificate[],
  anchors: readonly Anchor[],
  below: number,
): Path | undefined {
  if (!isStrongSignature(child.algorithm)) return undefined
  const anchor = anchors.find(({ certificate }) => mayIssue(certificate, below) && isIssuedBy(child, certificate))
  if (anchor !== undefined)
    return { anchor, top: child.serial, from: anchor.certificate.notBefore, until: anchor.certificate.notAfter }
  if (below === LONGEST) return undefined
  for (const parent of offered) {
    if (!mayIssue(parent, below) || !isIssuedBy(child, parent)) continue
    const others = offered.filter((one) => one !== parent)
    const path = climb(parent, others, anchors, below + 1)
    if (path !== undefined)
      return { ...path, from: Math.max(path.from, parent.notBefore), until: Math.min(path.until, parent.notAfter) }
  }
  return undefined
}

/** RFC 5280 4.2.1.9: pathLen counts the authorities between this one and the leaf. */
function mayIssue({ extensions }: Certificate, below: number): boolean {
  return extensions.isAuthority && (extensions.pathLength ?? Number.POSITIVE_INFINITY) >= below
}

/** Why a certificate cannot be an authority for devices, in words after "it …"; null when it can. */
export function authorityFlaw({ extensions, spki }: Certificate): string | null {
  const { isAuthority, keyUsage, purposes, notUnderstood } = extensions
  if (!isAuthority) return "is not the certificate of an authority (basicConstraints CA:TRUE is missing)"
  if (keyUsage?.keyCertSign === false) return "may not sign certificates (keyUsage lacks keyCertSign)"
  if (purposes !== undefined && !purposes.includes(OID.clientAuth))
    return "is limited to other purposes than clientAuth"
  if (notUnderstood.length > 0) return `has a critical extension unknown here (${notUnderstood.join(", ")})`
  return keyFlaw(spki)
}

function keyFlaw(spki: Certificate["spki"]): string | null {
  try {
    const key = judgeKey(spki, LARGEST_RSA)
    return key.ok ? null : `has a key that is not accepted: ${key.sentence.split(";")[0]}`
  } catch (error) {
    if (error instanceof MalformedDer) return "has a damaged key"
    throw error
  }
}
