import type { KeyObject } from "node:crypto"
import {
  bits,
  constructed,
  contextTag,
  type Der,
  encode,
  integer,
  octets,
  oid,
  sequence,
  time,
  yes,
} from "../../../service/ca/der.ts"
import { OID } from "../../../service/ca/oid.ts"
import { pem } from "../../../service/ca/pem.ts"
import { authorityKeyId, extension, keyIdOf, newSerial } from "../../../service/ca/profile.ts"
import { signed } from "../../../service/ca/signature.ts"
import { DAY } from "../../../service/ca/validity.ts"
import { NOW } from "./memory.ts"
import { commonName, p256, spkiOf, subjectOf } from "./requests.ts"

export interface Party {
  readonly name: Der
  readonly key: KeyObject
  readonly der: Buffer
  readonly pem: string
}

interface Wanted {
  readonly subject?: Der
  readonly key?: KeyObject
  readonly spki?: Der
  readonly notBefore?: number
  readonly notAfter?: number
  readonly extensions?: readonly Der[]
  /** Pretends to be this issuer while signing with another key. */
  readonly claims?: { readonly name: Der; readonly keyId: Buffer }
}

export const usage = (first: number) => extension(OID.keyUsage, bits(Buffer.from([first])), "critical")
export const purposes = (...ids: string[]) => extension(OID.extendedKeyUsage, sequence(...ids.map((id) => oid(id))))
export const authorityConstraint = (pathLength?: number) =>
  extension(
    OID.basicConstraints,
    sequence(yes(), pathLength === undefined ? undefined : integer(pathLength)),
    "critical",
  )
export const leafConstraint = extension(OID.basicConstraints, sequence(), "critical")
export const unknownCritical = extension("1.2.3.4", octets(Buffer.alloc(1)), "critical")

/** A certificate of somebody else, signed by `issuer` or by itself, as wrong as wanted. */
export function certify(wanted: Wanted, issuer?: Party): Party {
  const key = wanted.key ?? p256()
  const spki = wanted.spki ?? spkiOf(key)
  const name = wanted.subject ?? subjectOf(commonName("plant7-pump"))
  const signer = issuer ?? { name, key }
  const named = wanted.claims ?? { name: signer.name, keyId: keyIdOf(spkiOf(signer.key)) }
  const extensions = [...(wanted.extensions ?? [leafConstraint]), authorityKeyId({ ...named, key: signer.key })]
  const der = encode(
    signed(signer.key, (algorithm) =>
      sequence(
        constructed(contextTag(0, true), integer(2)),
        integer(newSerial()),
        algorithm,
        named.name,
        sequence(time(wanted.notBefore ?? NOW - DAY), time(wanted.notAfter ?? NOW + 365 * DAY)),
        name,
        spki,
        constructed(contextTag(3, true), sequence(...extensions)),
      ),
    ),
  )
  return { name, key, der, pem: pem("CERTIFICATE", der) }
}

/** An authority, self-signed unless it has an issuer. */
export function authority(name: string, issuer?: Party, wanted: Wanted = {}): Party {
  return certify(
    { subject: subjectOf(commonName(name)), extensions: [authorityConstraint(), usage(0x06)], ...wanted },
    issuer,
  )
}
