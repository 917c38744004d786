import { isUsername } from "../access/username.ts"
import { type Certificate, readCertificate } from "./certificate.ts"
import { MalformedDer } from "./der.ts"
import { displayed } from "./name.ts"
import { OID } from "./oid.ts"
import { CONSIDERED } from "./path.ts"
import { judgeKey } from "./public-key.ts"
import { type About, type Distrusted, distrusted } from "./verdict.ts"

/** Reads a leaf, or says why it cannot be read. */
export function readLeaf(der: Buffer, fingerprint: string): { ok: true; certificate: Certificate } | Distrusted {
  try {
    return { ok: true, certificate: readCertificate(der) }
  } catch (error) {
    if (!(error instanceof MalformedDer)) throw error
    const sentence = `the certificate cannot be read: ${error.message}; issue a new one`
    return distrusted("malformed", sentence, { fingerprint })
  }
}

/** The first intermediates a peer sent; what cannot be read is passed over, so a path over it is not found. */
export function readIntermediates(certificates: readonly Buffer[]): Certificate[] {
  return certificates.slice(0, CONSIDERED).flatMap((der) => {
    const read = readLeaf(der, "")
    return read.ok ? [read.certificate] : []
  })
}

export function aboutLeaf({ commonNames, fingerprint }: Certificate): About {
  const [name] = commonNames
  return name === undefined ? { fingerprint } : { commonName: displayed(name.text), fingerprint }
}

/**
 * Judges what a leaf says of itself: its key, what it may be used for, and that it bears one name that is a username.
 * Undefined when all is well. The same rules as for a request: an outside authority may not have applied them.
 */
export function judgeLeaf(leaf: Certificate): Distrusted | undefined {
  const about = aboutLeaf(leaf)
  return judgeLeafKey(leaf, about) ?? judgePurpose(leaf, about) ?? judgeName(leaf, about)
}

function judgeLeafKey(leaf: Certificate, about: About): Distrusted | undefined {
  try {
    const key = judgeKey(leaf.spki)
    return key.ok ? undefined : distrusted("weak-key", key.sentence, about)
  } catch (error) {
    if (!(error instanceof MalformedDer)) throw error
    return distrusted("malformed", `the certificate's key is damaged: ${error.message}; issue a new one`, about)
  }
}

function judgePurpose({ extensions }: Certificate, about: About): Distrusted | undefined {
  const wrong = (sentence: string) =>
    distrusted("bad-purpose", `${sentence}; issue one for client authentication`, about)
  const { isAuthority, purposes, keyUsage, notUnderstood } = extensions
  if (isAuthority) return wrong("the certificate is an authority's, not a device's")
  if (purposes !== undefined && !purposes.includes(OID.clientAuth)) {
    return wrong("the certificate is not for clients (extended key usage lacks clientAuth)")
  }
  if (keyUsage?.digitalSignature === false) return wrong("the certificate's key may not sign (key usage)")
  if (notUnderstood.length > 0) {
    return wrong(`the certificate has a critical extension unknown here (${notUnderstood.join(", ")})`)
  }
  return undefined
}

function judgeName({ commonNames }: Certificate, about: About): Distrusted | undefined {
  const [name] = commonNames
  const wrong = (sentence: string) =>
    distrusted("bad-common-name", `${sentence}; issue one whose name is the username`, about)
  if (name === undefined) return wrong("the certificate bears no common name")
  if (commonNames.length > 1) return wrong(`the certificate bears ${commonNames.length} common names`)
  if (!name.plain) return wrong("the certificate's common name is of a string type that is not accepted")
  if (!isUsername(name.text)) return wrong(`the certificate's common name "${displayed(name.text)}" is no username`)
  return undefined
}
