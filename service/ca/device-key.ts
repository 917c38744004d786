import { generateKeyPairSync, sign } from "node:crypto"
import { bits, constructed, contextTag, encode, integer, oid, readDer, sequence } from "./der.ts"
import { nameOf } from "./name.ts"
import { pem } from "./pem.ts"
import { spkiHash } from "./public-key.ts"

const ECDSA_WITH_SHA256 = "1.2.840.10045.4.3.2"

/** A device's key, and the request (PKCS#10, RFC 2986) that asks for a certificate for it. */
export interface DeviceKey {
  readonly keyPem: string
  readonly csrPem: string
  /** SHA-256 of the public key (SubjectPublicKeyInfo), lower-case hex. */
  readonly spkiHash: string
}

/** Makes a P-256 key and a request for a common name, as a device's firmware would. */
export function makeDeviceKey(commonName: string): DeviceKey {
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" })
  const spki = readDer(publicKey.export({ type: "spki", format: "der" }))
  const info = sequence(integer(0), nameOf(commonName), spki, constructed(contextTag(0, true)))
  const signature = sign("sha256", encode(info), privateKey)
  const request = encode(sequence(info, sequence(oid(ECDSA_WITH_SHA256)), bits(signature)))
  return {
    keyPem: privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
    csrPem: pem("CERTIFICATE REQUEST", request),
    spkiHash: spkiHash(encode(spki)),
  }
}
