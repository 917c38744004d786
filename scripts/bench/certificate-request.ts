import type { KeyObject } from "node:crypto"
import { constructed, contextTag, encode, integer, sequence } from "../../service/ca/der.ts"
import { nameOf } from "../../service/ca/name.ts"
import { pem } from "../../service/ca/pem.ts"
import { spkiOf } from "../../service/ca/profile.ts"
import { signed } from "../../service/ca/signature.ts"

/** A PKCS#10 request (RFC 2986), PEM, as a device sends it. */
export function certificateRequest(commonName: string, key: KeyObject): string {
  const info = sequence(integer(0), nameOf(commonName), spkiOf(key), constructed(contextTag(0, true)))
  return pem("CERTIFICATE REQUEST", encode(signed(key, () => info)))
}
