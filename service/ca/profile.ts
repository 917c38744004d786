import { createHash, createPrivateKey, createPublicKey, type KeyObject, randomBytes } from "node:crypto"
import { addressOctets, PRIVATE_RANGES } from "./address.ts"
import { readCertificate } from "./certificate.ts"
import {
  bits,
  constructed,
  contextTag,
  type Der,
  encode,
  integer,
  octets,
  oid,
  partsOf,
  primitive,
  readBits,
  readDer,
  sequence,
  time,
  yes,
} from "./der.ts"
import { nameOf } from "./name.ts"
import { OID } from "./oid.ts"
import { pemBlocks } from "./pem.ts"
import { signed } from "./signature.ts"
import { NEVER, NOT_BEFORE } from "./validity.ts"

/** Who signs: its name as its own certificate has it, its key identifier, and its private key. */
export interface Issuer {
  readonly name: Der
  readonly keyId: Buffer
  readonly key: KeyObject
}

/** 16 octets from the system's generator, the first 0x40 to 0x7f: positive, never zero, of one length (126 bits). */
export function newSerial(): Buffer {
  const serial = randomBytes(16)
  serial[0] = 0x40 | (serial[0]! & 0x3f)
  return serial
}

/** RFC 5280 4.2.1.2 method 1: SHA-1 over the key's bits; an identifier, not a protection. */
export function keyIdOf(spki: Der): Buffer {
  return createHash("sha1")
    .update(readBits(partsOf(spki)[1]))
    .digest()
}

/** An issuer from what the disk holds of it. Throws when a part cannot be read. */
export function issuerFrom(certificatePem: string, keyPem: string): Issuer {
  const certificate = readCertificate(pemBlocks(certificatePem)[0]?.der ?? Buffer.alloc(0))
  return { name: certificate.subject, keyId: keyIdOf(certificate.spki), key: createPrivateKey(keyPem) }
}

/** SubjectPublicKeyInfo of a key of ours. */
export function spkiOf(key: KeyObject): Der {
  return readDer(createPublicKey(key).export({ format: "der", type: "spki" }))
}

interface Leaf {
  readonly commonName: string
  /** SubjectPublicKeyInfo, DER. */
  readonly spki: Buffer
  readonly serial: Buffer
  /** Milliseconds since the epoch. */
  readonly notAfter: number
}

/** A device's certificate, DER: for client authentication only, its name from the gateway, never from the request. */
export function deviceCertificate(leaf: Leaf & { readonly site: string }, issuer: Issuer): Buffer {
  const uri = `urn:gatehouse:${encodeURIComponent(leaf.site)}:${leaf.commonName}`
  return leafCertificate(leaf, issuer, OID.clientAuth, [primitive(contextTag(6, false), Buffer.from(uri, "latin1"))])
}

/**
 * A server's certificate, DER, for host names and addresses. `notBefore` is for browsers, some of which refuse a long
 * validity; by default it is the fixed date. Throws a `TypeError` for an address that is none.
 */
export function serverCertificate(
  leaf: Leaf & {
    readonly names: readonly string[]
    readonly addresses: readonly string[]
    readonly notBefore?: number
  },
  issuer: Issuer,
): Buffer {
  const names = leaf.names.map((name) => primitive(contextTag(2, false), Buffer.from(name, "latin1")))
  const addresses = leaf.addresses.map((address) => {
    const octets = addressOctets(address)
    if (octets === undefined) throw new TypeError(`${address} is no address`)
    return primitive(contextTag(7, false), octets)
  })
  return leafCertificate(leaf, issuer, OID.serverAuth, [...names, ...addresses], leaf.notBefore)
}

function leafCertificate(leaf: Leaf, issuer: Issuer, purpose: string, names: Der[], notBefore = NOT_BEFORE): Buffer {
  const spki = readDer(leaf.spki)
  const subject = { name: nameOf(leaf.commonName), spki, serial: leaf.serial, notBefore, notAfter: leaf.notAfter }
  return certificate(subject, issuer, [
    extension(OID.basicConstraints, sequence(), "critical"),
    extension(OID.keyUsage, DIGITAL_SIGNATURE, "critical"),
    extension(OID.extendedKeyUsage, sequence(oid(purpose))),
    extension(OID.subjectAltName, sequence(...names)),
  ])
}

/** keyUsage, named bit lists: digitalSignature is bit 0, keyCertSign bit 5, cRLSign bit 6 (RFC 5280 4.2.1.3). */
const DIGITAL_SIGNATURE = bits(Buffer.from([0x80]), 7)
const SIGN_CERTIFICATES = bits(Buffer.from([0x06]), 1)

/** A root's certificate, DER, self-signed; one authority may stand below it. */
export function rootCertificate(commonName: string, key: KeyObject): Buffer {
  const name = nameOf(commonName)
  return authorityCertificate(name, spkiOf(key), 1, { name, keyId: keyIdOf(spkiOf(key)), key })
}

/** An issuing authority's certificate, DER, signed by the root; no authority may stand below it. */
export function issuingCertificate(commonName: string, key: KeyObject, root: Issuer): Buffer {
  return authorityCertificate(nameOf(commonName), spkiOf(key), 0, root)
}

/**
 * The page's own authority, DER, self-signed. A person installs it in a browser, so it must not become a weapon: it is
 * good for servers alone, for these host names and for addresses that never belong to the public internet
 * (RFC 5280 4.2.1.10). `names` must not be empty: without a dNSName every host name would be permitted.
 */
export function pageAuthorityCertificate(commonName: string, key: KeyObject, names: readonly string[]): Buffer {
  if (names.length === 0) throw new TypeError("a page authority needs at least one host name")
  const hosts = names.map((name) => sequence(primitive(contextTag(2, false), Buffer.from(name, "latin1"))))
  const ranges = PRIVATE_RANGES.map(({ network, mask }) =>
    sequence(primitive(contextTag(7, false), Buffer.concat([network, mask]))),
  )
  const permitted = constructed(contextTag(0, true), ...hosts, ...ranges)
  const name = nameOf(commonName)
  return authorityCertificate(name, spkiOf(key), 0, { name, keyId: keyIdOf(spkiOf(key)), key }, [
    extension(OID.extendedKeyUsage, sequence(oid(OID.serverAuth))),
    extension(OID.nameConstraints, sequence(permitted), "critical"),
  ])
}

function authorityCertificate(name: Der, spki: Der, pathLength: number, issuer: Issuer, more: Der[] = []): Buffer {
  return certificate({ name, spki, serial: newSerial(), notBefore: NOT_BEFORE, notAfter: NEVER }, issuer, [
    extension(OID.basicConstraints, sequence(yes(), integer(pathLength)), "critical"),
    extension(OID.keyUsage, SIGN_CERTIFICATES, "critical"),
    ...more,
  ])
}

interface Subject {
  readonly name: Der
  readonly spki: Der
  readonly serial: Buffer
  readonly notBefore: number
  readonly notAfter: number
}

/** Certificate and TBSCertificate, version 3 (RFC 5280 4.1). */
function certificate(subject: Subject, issuer: Issuer, extensions: Der[]): Buffer {
  const all = [
    ...extensions,
    extension(OID.subjectKeyIdentifier, octets(keyIdOf(subject.spki))),
    authorityKeyId(issuer),
  ]
  return encode(
    signed(issuer.key, (algorithm) =>
      sequence(
        constructed(contextTag(0, true), integer(2)),
        integer(subject.serial),
        algorithm,
        issuer.name,
        sequence(time(subject.notBefore), time(subject.notAfter)),
        subject.name,
        subject.spki,
        constructed(contextTag(3, true), sequence(...all)),
      ),
    ),
  )
}

export function authorityKeyId(issuer: Issuer): Der {
  return extension(OID.authorityKeyIdentifier, sequence(primitive(contextTag(0, false), issuer.keyId)))
}

export function extension(id: string, value: Der, critical?: "critical"): Der {
  return sequence(oid(id), critical && yes(), octets(encode(value)))
}
