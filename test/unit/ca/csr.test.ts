import assert from "node:assert/strict"
import { createHash, randomInt } from "node:crypto"
import { describe, test } from "node:test"
import { parseCsr } from "../../../service/ca/csr.ts"
import { bits, encode, integer, nul, oid, readDer, sequence, set, TAG } from "../../../service/ca/der.ts"
import { OID } from "../../../service/ca/oid.ts"
import { pem } from "../../../service/ca/pem.ts"
import { file, openssl, opensslCsr } from "./openssl.ts"
import { commonName, ed25519, named, p256, request, spkiOf, subjectOf, text } from "./requests.ts"

const EC = ["-algorithm", "EC", "-pkeyopt"]
const P256 = [...EC, "ec_paramgen_curve:P-256"]
const RSA = ["-algorithm", "RSA", "-pkeyopt"]

function rule(input: string | Buffer): string {
  const verdict = parseCsr(input)
  if (verdict.ok) return "accepted"
  assert.match(verdict.sentence, /^[^;]+; /, "a sentence names the remedy after the reason")
  return verdict.rule
}

describe("a request by openssl is accepted", () => {
  const accepted: [string, string[], string, ...string[]][] = [
    ["RSA-2048", [...RSA, "rsa_keygen_bits:2048"], "/CN=pump-1"],
    ["RSA-2050", [...RSA, "rsa_keygen_bits:2050"], "/CN=pump-1", "-sha512"],
    ["P-256", P256, "/CN=pump-1"],
    ["P-256", P256, "/C=DE/O=Plant/CN=pump-1", "-sha384"],
    ["P-384", [...EC, "ec_paramgen_curve:P-384"], "/CN=pump-1"],
    ["P-521", [...EC, "ec_paramgen_curve:P-521"], "/CN=pump-1", "-sha256"],
    ["Ed25519", ["-algorithm", "ed25519"], "/CN=pump-1"],
  ]
  for (const [keyType, key, subject, ...more] of accepted) {
    test(`${keyType}, ${subject} ${more.join(" ")}`, () => {
      const verdict = parseCsr(opensslCsr(key, subject, ...more))
      assert.ok(verdict.ok)
      assert.equal(verdict.keyType, keyType)
      assert.equal(verdict.commonName, "pump-1")
      assert.equal(verdict.spkiHash, createHash("sha256").update(verdict.spki).digest("hex"))
      assert.deepEqual(verdict.spki, encode(spkiFromOpenssl()))
    })
  }

  function spkiFromOpenssl() {
    openssl("pkey", "-in", "device.key", "-pubout", "-outform", "DER", "-out", "device.pub")
    return readDer(Buffer.from(openssl("base64", "-in", "device.pub"), "base64"))
  }

  test("without a common name", () => {
    const verdict = parseCsr(opensslCsr(P256, "/O=Plant"))
    assert.ok(verdict.ok)
    assert.equal(verdict.commonName, undefined)
  })

  test("whatever extensions it asks for", () => {
    const extensions = ["-addext", "basicConstraints=CA:TRUE", "-addext", "subjectAltName=DNS:bank.example"]
    assert.equal(rule(opensslCsr(P256, "/CN=pump-1", ...extensions)), "accepted")
  })
})

describe("the transport may be rough", () => {
  const der = named("pump-1")
  const text = pem("CERTIFICATE REQUEST", der)
  const oneLine = der.toString("base64")
  const accepted: Record<string, string | Buffer> = {
    "raw DER": der,
    PEM: text,
    "PEM as bytes": Buffer.from(text),
    "boot messages before": `\x1b[0;32mI (31) boot: ESP-IDF v5.1\r\nrst:0x1 (POWERON)--- ready ---\r\n\xff\xfe${text}`,
    "binary noise before": Buffer.concat([Buffer.from([0x30, 0x82, 0xff, 0, 13, 10]), Buffer.from(text)]),
    "a prompt after": `${text}\r\nuart:~$ `,
    CRLF: text.replaceAll("\n", "\r\n"),
    "a body of one line": `-----BEGIN CERTIFICATE REQUEST-----\n${oneLine}\n-----END CERTIFICATE REQUEST-----`,
    "all on one line": `-----BEGIN CERTIFICATE REQUEST-----${oneLine}-----END CERTIFICATE REQUEST-----`,
    "the NEW label": text.replaceAll("CERTIFICATE REQUEST", "NEW CERTIFICATE REQUEST"),
    "bare base64": oneLine,
    "a first try cut off by a reset": `${text.slice(0, 200)}\r\nrst:0x1\r\n${text}`,
    "indented lines": text.replaceAll("\n", "\n  "),
  }
  for (const [name, input] of Object.entries(accepted)) test(name, () => assert.equal(rule(input), "accepted"))

  const refused: [string, string, string | Buffer][] = [
    ["nothing at all", "no-request", ""],
    ["only noise", "no-request", "uart:~$ hello"],
    ["something else in base64", "no-request", Buffer.from("hello, world").toString("base64")],
    ["a request of 8 KiB and a byte", "too-large", text + " ".repeat(8 * 1024 + 1 - text.length)],
    ["a certificate", "wrong-label", pem("CERTIFICATE", der)],
    ["a private key beside it", "private-key-included", `${pem("EC PRIVATE KEY", der)}${text}`],
    ["a request without its end", "truncated", text.slice(0, -30)],
    ["an end of another kind", "truncated", text.replace("END CERTIFICATE REQUEST", "END CERTIFICATE")],
    ["two requests", "more-than-one", text + text],
    ["a log line in the middle", "base64", text.replace(/\n(.{10})/, "\nI (400) wifi: up\n$1")],
    ["no base64 between the lines", "base64", pem("CERTIFICATE REQUEST", Buffer.alloc(0))],
    ["trailing bytes", "malformed", Buffer.concat([der, Buffer.from([0])])],
    ["a lost character", "base64", text.replace(/\n(.{30})./, "\n$1")],
    ["4 lost characters", "malformed", text.replace(/\n(.{30}).{4}/, "\n$1")],
  ]
  for (const [name, expected, input] of refused) {
    test(`${name} is refused: ${expected}`, () => {
      assert.equal(rule(input), expected)
    })
  }
})

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
  const rsa2048 = [...RSA, "rsa_keygen_bits:2048"]
  const pss = ["-sigopt", "rsa_padding_mode:pss"]
  const key = p256()
  const refused: [string, string, () => string | Buffer][] = [
    ["MD5 with RSA", "signature-algorithm", () => opensslCsr(rsa2048, "/CN=a", "-md5")],
    ["SHA-1 with RSA", "signature-algorithm", () => opensslCsr(rsa2048, "/CN=a", "-sha1")],
    ["SHA-1 with ECDSA", "signature-algorithm", () => opensslCsr(P256, "/CN=a", "-sha1")],
    ["SHA-224 with ECDSA", "signature-algorithm", () => opensslCsr(P256, "/CN=a", "-sha224")],
    ["PSS padding", "signature-algorithm", () => opensslCsr(rsa2048, "/CN=a", ...pss)],
    [
      "RSA named for an EC key",
      "signature-mismatch",
      () => request({ algorithm: sequence(oid("1.2.840.113549.1.1.11"), nul()) }),
    ],
    ["another hash than was used", "signature", () => request({ algorithm: sequence(oid("1.2.840.10045.4.3.3")) })],
    ["needless parameters", "malformed", () => request({ algorithm: sequence(oid("1.2.840.10045.4.3.2"), nul()) })],
    ["somebody else's key", "signature", () => request({ key, spki: spkiOf(p256()) })],
  ]
  for (const [name, expected, make] of refused) test(`${name}: ${expected}`, () => assert.equal(rule(make()), expected))
})

describe("a subject that could pass for another is refused", () => {
  const key = p256()
  const other = sequence(oid("2.5.4.10"), text(TAG.utf8, "Plant"))
  const names: Record<string, string> = {
    empty: "",
    plus: "+",
    hash: "#",
    "a filter": "a/#",
    slash: "a/b",
    dollar: "$SYS",
    star: "*",
    proto: "__proto__",
    NUL: "admin\0.evil",
    newline: "a\nCN=admin",
    "a final newline": "admin\n",
    blank: "a b",
    percent: "%u",
    quote: 'a"',
    angle: "<b>",
    "a Cyrillic letter": "d\u0435v",
    "a right-to-left mark": "a\u202eb",
    "65 characters": "a".repeat(65),
    "5000 characters": "a".repeat(5000),
  }
  for (const [what, name] of Object.entries(names)) {
    test(`common name: ${what}`, () => assert.equal(rule(named(name, key)), "common-name"))
  }
  const longest = "a".repeat(64)
  for (const name of [longest, "a", "0", "dev:1@plant_7.x-y"]) {
    test(`common name ${name} is accepted`, () => assert.equal(rule(named(name, key)), "accepted"))
  }
  test("what is not UTF-8 is no name", () => assert.equal(rule(named(text(TAG.utf8, "a\xff"), key)), "common-name"))
  for (const tag of [TAG.printable, TAG.ia5]) {
    test(`string type ${tag} is accepted`, () => assert.equal(rule(named(text(tag, "pump-1"), key)), "accepted"))
  }
  const types: [string, number, string][] = [
    ["T61String", 0x14, "admin"],
    ["UniversalString", 0x1c, "\0\0\0a"],
    ["BMPString", 0x1e, "a"],
    ["VisibleString", 0x1a, "admin"],
    ["OCTET STRING", 0x04, "admin"],
  ]
  for (const [type, tag, content] of types) {
    test(`common name as ${type}`, () => assert.equal(rule(named(text(tag, content), key)), "common-name-type"))
  }
  const shapes: [string, string, Buffer][] = [
    ["two common names", "two-common-names", request({ key, subject: subjectOf(commonName("a"), commonName("b")) })],
    ["two in one RDN", "two-common-names", request({ key, subject: sequence(set(commonName("a"), commonName("b"))) })],
    ["a constructed common name", "malformed", named(sequence(text(TAG.utf8, "a")), key)],
    ["an RDN that is no SET", "malformed", request({ key, subject: sequence(sequence(commonName("a"))) })],
    ["version 1", "version", request({ key, version: 1 })],
    ["an attribute field of another kind", "malformed", request({ key, attributes: [sequence()] })],
    ["a fifth field", "malformed", request({ key, attributes: [sequence(), sequence()] })],
    ["something else than a request", "malformed", encode(sequence(...Array.from({ length: 99 }, () => integer(0))))],
    ["2000 nested sequences", "malformed", nested(2000)],
  ]
  for (const [what, expected, der] of shapes) test(`${what}: ${expected}`, () => assert.equal(rule(der), expected))
  test("other attributes are ignored", () =>
    assert.equal(rule(request({ key, subject: subjectOf(other, commonName("a")) })), "accepted"))
  test("attributes left out are accepted", () => assert.equal(rule(request({ key, attributes: [] })), "accepted"))

  function nested(depth: number): Buffer {
    let content = Buffer.alloc(0)
    for (let i = 0; i < depth; i++) {
      const length = content.length < 128 ? [content.length] : [0x82, content.length >> 8, content.length & 0xff]
      content = Buffer.concat([Buffer.from([0x30, ...length]), content])
    }
    return content.subarray(0, 8000)
  }
})

describe("no flipped bit gets through", () => {
  test("every single bit of a request by openssl", () => {
    const der = Buffer.from(
      openssl("req", "-in", file("flip.pem", opensslCsr(["-algorithm", "ed25519"], "/CN=pump-1"))).replace(
        /-----.*-----|\s/g,
        "",
      ),
      "base64",
    )
    assert.equal(rule(der), "accepted")
    for (let bit = 0; bit < der.length * 8; bit++) {
      const flipped = Buffer.from(der)
      flipped[bit >> 3]! ^= 1 << (bit & 7)
      assert.notEqual(rule(flipped), "accepted", `bit ${bit}`)
    }
  })

  test("20,000 random flips of 1 to 4 bits", () => {
    const der = named("pump-1")
    for (let i = 0; i < 20_000; i++) {
      const flipped = Buffer.from(der)
      for (let n = randomInt(1, 5); n > 0; n--) flipped[randomInt(der.length)]! ^= 1 << randomInt(8)
      if (!flipped.equals(der)) assert.notEqual(rule(flipped), "accepted", flipped.toString("hex"))
    }
  })
})
