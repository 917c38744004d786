import { createHash, createPublicKey, type KeyObject } from "node:crypto"
import {
  bits,
  contentOf,
  type Der,
  encode,
  integer,
  MalformedDer,
  nul,
  oid,
  partsOf,
  readBits,
  readDer,
  readOid,
  sequence,
  TAG,
} from "./der.ts"
import { OID } from "./oid.ts"
import type { KeyFamily } from "./signature.ts"

/** A public key on the allow-list, or the rule it breaks. `sentence` says how to make a good one. */
export type KeyVerdict =
  | { readonly ok: true; readonly family: KeyFamily; readonly name: string; readonly key: KeyObject }
  | { readonly ok: false; readonly rule: KeyRule; readonly sentence: string }

export type KeyRule = "key-type" | "key-size" | "key-exponent" | "key-curve" | "key-encoding" | "key-weak"

const MAKE_P256 = "make a P-256 key: openssl ecparam -name prime256v1 -genkey -noout -out key.pem"
const CURVES: Record<string, { readonly name: string; readonly octets: number }> = {
  [OID.secp256r1]: { name: "P-256", octets: 32 },
  [OID.secp384r1]: { name: "P-384", octets: 48 },
  [OID.secp521r1]: { name: "P-521", octets: 66 },
}

/** Lower-case hex of the SHA-256 over the whole SubjectPublicKeyInfo: one key has one hash. */
export function spkiHash(spki: Buffer): string {
  return createHash("sha256").update(spki).digest("hex")
}

/**
 * Judges a SubjectPublicKeyInfo by the allow-list: RSA of 2048 to `rsaMaximum` bits with exponent 65537, P-256, P-384,
 * P-521, Ed25519. One key is accepted in one encoding only, so that its hash cannot be varied. Throws `MalformedDer`.
 */
export function judgeKey(spki: Der, rsaMaximum = 4096): KeyVerdict {
  const [algorithm] = partsOf(spki)
  const type = readOid(partsOf(algorithm)[0])
  if (type === OID.rsaEncryption) return judgeRsa(spki, rsaMaximum)
  if (type === OID.ecPublicKey) return judgeEc(spki)
  if (type === OID.ed25519) return judgeEd25519(spki)
  const what = type === OID.rsassaPss ? "an RSA key restricted to PSS" : `a key of type ${type}`
  return refused("key-type", `${what} is not accepted; ${MAKE_P256}`)
}

function judgeRsa(spki: Der, maximum: number): KeyVerdict {
  const [modulusNode, exponentNode] = partsOf(readDer(readBits(partsOf(spki)[1])))
  const modulus = contentOf(modulusNode, TAG.integer)
  const exponent = contentOf(exponentNode, TAG.integer)
  if (modulus.length === 0 || modulus[0]! > 0x7f) throw new MalformedDer("the RSA modulus is not a positive number")
  const size = BigInt(`0x${modulus.toString("hex")}`).toString(2).length
  if (size < 2048 || size > maximum) {
    return refused(
      "key-size",
      `the RSA key has ${size} bits, accepted are 2048 to ${maximum}; make one with: openssl genrsa -out key.pem 2048`,
    )
  }
  if (!exponent.equals(F4)) {
    return refused("key-exponent", "the RSA key's public exponent must be 65537; leave the exponent at its default")
  }
  const numbers = sequence(integer(modulus), integer(exponent))
  return imported(spki, sequence(oid(OID.rsaEncryption), nul()), encode(numbers), "rsa", `RSA-${size}`)
}

const F4 = Buffer.from([1, 0, 1])

function judgeEc(spki: Der): KeyVerdict {
  const [algorithm, keyBits] = partsOf(spki)
  const curveNode = partsOf(algorithm)[1]
  const named = curveNode?.type === TAG.oid ? readOid(curveNode) : "given by its parameters"
  const curve = CURVES[named]
  if (curve === undefined) {
    const what = named === OID.secp256k1 ? "secp256k1" : named
    return refused("key-curve", `the curve ${what} is not accepted, only P-256, P-384 and P-521; ${MAKE_P256}`)
  }
  const point = readBits(keyBits)
  if (point.length !== 1 + 2 * curve.octets || point[0] !== 4) {
    return refused("key-encoding", "the public key's point must be uncompressed (RFC 5480 2.2); turn compression off")
  }
  return imported(spki, sequence(oid(OID.ecPublicKey), oid(named)), point, "ec", curve.name)
}

function judgeEd25519(spki: Der): KeyVerdict {
  const point = readBits(partsOf(spki)[1])
  const unsigned = Buffer.from(point)
  if (point.length === 32) unsigned[31]! &= 0x7f
  if (SMALL_ORDER.has(unsigned.toString("hex"))) {
    return refused("key-weak", "the Ed25519 public key is of small order, anybody can sign for it; generate a new key")
  }
  return imported(spki, sequence(oid(OID.ed25519)), point, "ed25519", "Ed25519")
}

/** Every encoding of a point whose order divides 8, sign bit cleared; a signature by such a key proves nothing. */
const SMALL_ORDER = new Set([
  "00".repeat(32),
  `01${"00".repeat(31)}`,
  "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
  "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
  `ec${"ff".repeat(30)}7f`,
  `ed${"ff".repeat(30)}7f`,
  `ee${"ff".repeat(30)}7f`,
])

/** Imports the key, which proves that an EC point lies on its curve, once the bytes are the only ones it may have. */
function imported(spki: Der, algorithm: Der, key: Buffer, family: KeyFamily, name: string): KeyVerdict {
  const given = encode(spki)
  if (!encode(sequence(algorithm, bits(key))).equals(given)) {
    return refused(
      "key-encoding",
      `the ${name} public key is not encoded as its standard demands; use a current library`,
    )
  }
  try {
    return { ok: true, family, name, key: createPublicKey({ key: given, format: "der", type: "spki" }) }
  } catch {
    return refused("key-encoding", `the ${name} public key is no valid key; generate a new one`)
  }
}

function refused(rule: KeyRule, sentence: string): KeyVerdict {
  return { ok: false, rule, sentence }
}
