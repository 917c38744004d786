import assert from "node:assert/strict"
import { before, describe, test } from "node:test"
import { bits, encode, integer, nul, oid, sequence } from "../../../service/ca/der.ts"
import { OID } from "../../../service/ca/oid.ts"
import { EC, P256, RSA, rule } from "./csr-rule.ts"
import { openssl, opensslCsr, opensslRequest } from "./openssl.ts"
import { ed25519, p256, request, spkiOf } from "./requests.ts"

describe("a key that is not on the list is refused", () => {
  const refused: [string, string, () => string | Buffer][] = [
    ["RSA-1024", "key-size", () => opensslCsr([...RSA, "rsa_keygen_bits:1024"], "/CN=a")],
    ["RSA-2047", "key-size", () => request({ spki: rsa(2n ** 2046n + 1n, 65537) })],
    ["RSA-4097", "key-size", () => request({ spki: rsa(2n ** 4096n + 1n, 65537) })],
    ["RSA with exponent 3", "key-exponent", () => opensslCsr([...RSA, "rsa_keygen_pubexp:3"], "/CN=a")],
    ["RSA-PSS", "key-type", () => opensslCsr(["-algorithm", "RSA-PSS"], "/CN=a")],
    ["Ed448", "key-type", () => opensslCsr(["-algorithm", "ed448"], "/CN=a")],
    ["secp256k1", "key-curve", () => opensslCsr([...EC, "ec_paramgen_curve:secp256k1"], "/CN=a")],
    ["P-224", "key-curve", () => opensslCsr([...EC, "ec_paramgen_curve:P-224"], "/CN=a")],
    ["brainpool", "key-curve", () => opensslCsr([...EC, "ec_paramgen_curve:brainpoolP256r1"], "/CN=a")],
    [
      "explicit curve parameters",
      "key-curve",
      () => opensslCsr([...P256, "-pkeyopt", "ec_param_enc:explicit"], "/CN=a"),
    ],
    ["a compressed point", "key-encoding", compressed],
    ["a point off its curve", "key-encoding", () => request({ spki: ec(Buffer.alloc(64, 7)) })],
    [
      "an RSA key without NULL",
      "key-encoding",
      () => request({ spki: rsa(2n ** 2047n + 1n, 65537, sequence(oid(OID.rsaEncryption))) }),
    ],
    ["an Ed25519 key of 31 bytes", "key-encoding", () => request({ spki: ed(Buffer.alloc(31, 9)) })],
    ["an Ed25519 key of zeros", "key-weak", () => request({ spki: ed(Buffer.alloc(32)) })],
  ]
  for (const [name, expected, make] of refused) test(`${name}: ${expected}`, () => assert.equal(rule(make()), expected))

  function compressed(): Buffer {
    const key = p256()
    const { x, y } = key.export({ format: "jwk" })
    const odd = Buffer.from(y!, "base64url")[31]! & 1
    const point = Buffer.concat([Buffer.from([2 + odd]), Buffer.from(x!, "base64url")])
    return request({ key, spki: sequence(sequence(oid(OID.ecPublicKey), oid(OID.secp256r1)), bits(point)) })
  }
  const rsa = (modulus: bigint, exponent: number, algorithm = sequence(oid(OID.rsaEncryption), nul())) => {
    const hex = modulus.toString(16)
    const octets = Buffer.from(hex.length % 2 === 1 ? `0${hex}` : `00${hex}`, "hex")
    return sequence(algorithm, bits(encode(sequence(integer(octets), integer(exponent)))))
  }
  const ec = (point: Buffer) =>
    sequence(sequence(oid(OID.ecPublicKey), oid(OID.secp256r1)), bits(Buffer.concat([Buffer.from([4]), point])))
  const ed = (point: Buffer) => sequence(sequence(oid(OID.ed25519)), bits(point))

  test("every point of small order on Ed25519 is one, and none other is listed", () => {
    const orders = smallOrderPoints()
    for (const point of orders) assert.equal(rule(request({ spki: ed(point) })), "key-weak", point.toString("hex"))
    assert.equal(rule(request({ key: ed25519() })), "accepted")
  })
})

/** All y with a point of order 1, 2, 4 or 8, computed from the curve, in every encoding of 32 bytes. */
function smallOrderPoints(): Buffer[] {
  const p = 2n ** 255n - 19n
  const power = (base: bigint, exponent: bigint): bigint => {
    let result = 1n
    for (let e = exponent, b = base % p; e > 0n; e >>= 1n, b = (b * b) % p) if (e & 1n) result = (result * b) % p
    return result
  }
  const inverse = (value: bigint) => power(((value % p) + p) % p, p - 2n)
  const d = (-121665n * inverse(121666n)) % p
  const root = power(2n, (p - 1n) / 4n)
  // order 8: doubling gives y = 0, so y^2 = -x^2, and -x^2 + y^2 = 1 + d*x^2*y^2 becomes d*y^4 + 2*y^2 - 1 = 0
  const sqrt = (value: bigint) => {
    const candidate = power(value, (p + 3n) / 8n)
    return [candidate, (candidate * root) % p].find((x) => (x * x - value) % p === 0n)
  }
  const discriminant = sqrt((((1n + d) % p) + p) % p)!
  const squares = [discriminant - 1n, -discriminant - 1n].map((top) => (((top * inverse(d)) % p) + p) % p)
  const eight = squares.flatMap((square) => sqrt(square) ?? []).flatMap((y) => [y, p - y])
  assert.equal(eight.length, 2)
  const ys = [0n, 1n, p - 1n, ...eight]
  const all = [...ys, ...ys.map((y) => y + p)].filter((y) => y < 2n ** 255n)
  return all.flatMap((y) =>
    [0, 0x80].map((sign) => {
      const octets = Buffer.from(y.toString(16).padStart(64, "0"), "hex").reverse()
      octets[31]! |= sign
      return octets
    }),
  )
}

describe("a signature that proves nothing is refused", () => {
  before(() => openssl("genpkey", ...RSA, "rsa_keygen_bits:2048", "-out", "rsa.key"))
  const pss = ["-sigopt", "rsa_padding_mode:pss"]
  const key = p256()
  const refused: [string, string, () => string | Buffer][] = [
    ["MD5 with RSA", "signature-algorithm", () => opensslRequest("rsa.key", "/CN=a", "-md5")],
    ["SHA-1 with RSA", "signature-algorithm", () => opensslRequest("rsa.key", "/CN=a", "-sha1")],
    ["SHA-1 with ECDSA", "signature-algorithm", () => opensslCsr(P256, "/CN=a", "-sha1")],
    ["SHA-224 with ECDSA", "signature-algorithm", () => opensslCsr(P256, "/CN=a", "-sha224")],
    ["PSS padding", "signature-algorithm", () => opensslRequest("rsa.key", "/CN=a", ...pss)],
    [
      "RSA named for an EC key",
      "signature-mismatch",
      () => request({ algorithm: sequence(oid("1.2.840.113549.1.1.11"), nul()) }),
    ],
    ["another hash than was used", "signature", () => request({ algorithm: sequence(oid("1.2.840.10045.4.3.3")) })],
    [
      "needless parameters",
      "malformed",
      () => request({ algorithm: sequence(oid("1.2.840.10045.4.3.2"), nul(), nul()) }),
    ],
    ["somebody else's key", "signature", () => request({ key, spki: spkiOf(p256()) })],
  ]
  for (const [name, expected, make] of refused) test(`${name}: ${expected}`, () => assert.equal(rule(make()), expected))
})
