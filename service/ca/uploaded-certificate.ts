import { createPrivateKey, type KeyObject } from "node:crypto"
import { type Certificate, isIssuedBy, readCertificate } from "./certificate.ts"
import { MalformedDer } from "./der.ts"
import type { ServerCertificate } from "./kept-certificate.ts"
import { OID } from "./oid.ts"
import { type PemBlock, pemBlocks } from "./pem.ts"
import { judgeKey } from "./public-key.ts"
import { isStrongSignature } from "./signature.ts"
import { refused } from "./trust-document.ts"
import { dateOf } from "./validity.ts"

/**
 * A server certificate that a person brings, checked before anything shows it: leaf first, each certificate signed by the
 * next, for servers, valid at `now`, with names, and belonging to the key. Throws `certificate-refused` with what is wrong.
 */
export function checkUploaded(chainPem: string, keyPem: string, now: number): ServerCertificate {
  const certificates = pemBlocks(chainPem).map(certificateIn)
  const [leaf, ...above] = certificates
  if (leaf === undefined) throw refused("the file holds no certificate in PEM; send the server's certificate first")
  if (!leaf.x509.checkPrivateKey(keyIn(keyPem))) {
    throw refused(
      "the key is not the one of the first certificate; send the server's own certificate first, and its key",
    )
  }
  above.reduce((child, parent) => {
    if (isIssuedBy(child, parent)) return parent
    throw refused("the certificates are no chain; send the server's first, then the one that signed it, and so on")
  }, leaf)
  assertFit(leaf, now)
  const { names, addresses } = namesOf(leaf)
  if (names.length + addresses.length === 0) {
    throw refused(
      "the certificate has no subject alternative name, and browsers look at nothing else; have it issued with one",
    )
  }
  return { keyPem, certPem: chainPem, notAfter: leaf.notAfter, names, addresses }
}

function assertFit({ extensions, spki, algorithm, notBefore, notAfter }: Certificate, now: number): void {
  const { isAuthority, purposes } = extensions
  if (isAuthority) throw refused("the first certificate is an authority's; send the server's first")
  if (purposes !== undefined && !purposes.includes(OID.serverAuth)) {
    throw refused("the certificate is not for servers (extended key usage lacks serverAuth)")
  }
  const key = judgeKey(spki)
  if (!key.ok) throw refused(key.sentence)
  if (!isStrongSignature(algorithm)) throw refused("the certificate is signed with an outdated algorithm")
  if (now > notAfter) throw refused(`the certificate expired on ${dateOf(notAfter)}; send its successor`)
  if (now < notBefore) throw refused(`the certificate is not valid before ${dateOf(notBefore)}; check the clock`)
}

function certificateIn({ label, der }: PemBlock, index: number): Certificate {
  const place = `certificate ${index + 1}`
  if (label !== "CERTIFICATE") throw refused(`${place} is a ${label}; send the key on its own`)
  try {
    if (der !== undefined) return readCertificate(der)
  } catch (error) {
    if (!(error instanceof MalformedDer)) throw error
  }
  throw refused(`${place} is damaged; export it again`)
}

function keyIn(keyPem: string): KeyObject {
  try {
    return createPrivateKey(keyPem)
  } catch {
    // OpenSSL's own words might quote the key
    throw refused("the key cannot be read; send it in PEM and without a passphrase")
  }
}

/** As node:crypto writes them: `DNS:a.example, IP Address:192.0.2.1`. */
function namesOf({ x509 }: Certificate): { names: string[]; addresses: string[] } {
  const all = (x509.subjectAltName ?? "").split(", ")
  const of = (kind: string) => all.filter((one) => one.startsWith(kind)).map((one) => one.slice(kind.length))
  return { names: of("DNS:"), addresses: of("IP Address:") }
}
