import assert from "node:assert/strict"
import { createHash, randomInt } from "node:crypto"
import { describe, test } from "node:test"
import { parseCsr } from "../../../service/ca/csr.ts"
import { encode, readDer } from "../../../service/ca/der.ts"
import { pem } from "../../../service/ca/pem.ts"
import { EC, P256, RSA, rule } from "./csr-rule.ts"
import { file, openssl, opensslCsr } from "./openssl.ts"
import { named } from "./requests.ts"

describe("a request by openssl is accepted", () => {
  const accepted: [string, string[], string, ...string[]][] = [
    ["RSA-2048", [...RSA, "rsa_keygen_bits:2048"], "/CN=pump-1"],
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

/** A request an nRF9160 made with AT%KEYGEN=16842753,2,0, as published in the README of Nordic's cloud utilities. */
const NRF9160 = Buffer.from(
  "MIIBCzCBrwIBADAvMS0wKwYDVQQDDCQ1MDUwMzA0MS0zNTM5LTQ3ZWItODA3Yi0xMDJkYmI0MjNiOWEwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNC" +
    "AARhKkti_3EVfSEy7oDyaqqj2cTmlfmhuMdcMOH9xkIX3okdPIFrAZ0sI5xt6WdY56IyQSj8Ce5SxGzMKUuP5ueDoB4wHAYJKoZIhvcNAQkOMQ8w" +
    "DTALBgNVHQ8EBAMCA-gwDAYIKoZIzj0EAwIFAANJADBGAiEA3AZcIwq61M7PRjdA04z863FmW7mvbgb3lB7YU0bi16QCIQCMbqds9nxdq0XL61Qx" +
    "yuKUgZjPc6Za2-1OUPCVXz9rng",
  "base64url",
)

test("a request by a modem of the nRF91 series, which puts a NULL where RFC 5758 wants nothing", () => {
  const verdict = parseCsr(NRF9160)
  assert.ok(verdict.ok)
  assert.equal(verdict.commonName, "50503041-3539-47eb-807b-102dbb423b9a")
})

describe("no flipped bit gets through", () => {
  test("every single bit of a request by an nRF9160", () => {
    for (let bit = 0; bit < NRF9160.length * 8; bit++) {
      const flipped = Buffer.from(NRF9160)
      flipped[bit >> 3]! ^= 1 << (bit & 7)
      assert.ok(!parseCsr(flipped).ok, `bit ${bit}`)
    }
  })

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
