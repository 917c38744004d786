import { createPublicKey, generateKeyPairSync, type KeyObject, sign } from "node:crypto"
import {
  bits,
  constructed,
  contextTag,
  type Der,
  encode,
  integer,
  oid,
  primitive,
  readDer,
  sequence,
  set,
  utf8,
} from "../../../service/ca/der.ts"
import { OID } from "../../../service/ca/oid.ts"

export const p256 = () => generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey
export const ed25519 = () => generateKeyPairSync("ed25519").privateKey

export const commonName = (value: Der | string) =>
  sequence(oid(OID.commonName), typeof value === "string" ? utf8(value) : value)

/** A Name with one RDN for each attribute. */
export const subjectOf = (...attributes: Der[]) => sequence(...attributes.map((attribute) => set(attribute)))

export function spkiOf(key: KeyObject): Der {
  return readDer(createPublicKey(key).export({ format: "der", type: "spki" }))
}

interface Wanted {
  readonly key?: KeyObject
  readonly subject?: Der
  readonly spki?: Der
  readonly version?: number
  readonly attributes?: readonly Der[]
  readonly algorithm?: Der
}

/** A PKCS#10 request built by hand, as hostile as wanted, signed with SHA-256 or as the key demands. */
export function request(wanted: Wanted = {}): Buffer {
  const key = wanted.key ?? p256()
  const info = sequence(
    integer(wanted.version ?? 0),
    wanted.subject ?? subjectOf(commonName("pump-1")),
    wanted.spki ?? spkiOf(key),
    ...(wanted.attributes ?? [constructed(contextTag(0, true))]),
  )
  const hash = key.asymmetricKeyType === "ed25519" ? null : "sha256"
  const algorithm = wanted.algorithm ?? sequence(oid(hash === null ? OID.ed25519 : "1.2.840.10045.4.3.2"))
  return encode(sequence(info, algorithm, bits(sign(hash, encode(info), key))))
}

export const named = (name: string | Der, key?: KeyObject) =>
  request({ subject: subjectOf(commonName(name)), ...(key && { key }) })

/** A text of any string type. */
export const text = (tag: number, content: string | Buffer) => primitive(tag, Buffer.from(content as string, "latin1"))
