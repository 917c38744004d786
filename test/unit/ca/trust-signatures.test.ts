import assert from "node:assert/strict"
import { generateKeyPairSync, sign } from "node:crypto"
import { describe, test } from "node:test"
import { bits, type Der, encode, oid, partsOf, readDer, sequence } from "../../../service/ca/der.ts"
import { Trust } from "../../../service/ca/trust.ts"
import { emptyTrust } from "../../../service/ca/trust-document.ts"
import { NEVER } from "../../../service/ca/validity.ts"
import { authority, certify, type Party } from "./foreign.ts"
import { MemoryDocument, NOW } from "./memory.ts"
import { file, openssl, opensslCsr } from "./openssl.ts"
import { cause, der, opened, presented, root, trusting } from "./trusting.ts"

describe("a certificate of an outside authority, by how it is signed", () => {
  const SHA1 = sequence(oid("1.2.840.10045.4.1"))
  const SHA256 = sequence(oid("1.2.840.10045.4.3.2"))

  /** The certificate with other algorithms inside and outside, really signed with `hash`. */
  function resigned(party: Party, issuer: Party, hash: string, inner: Der, outer: Der): Party {
    const [tbs] = partsOf(readDer(party.der))
    const [version, serial, , ...rest] = partsOf(tbs)
    const changed = sequence(version, serial, inner, ...rest)
    return { ...party, der: encode(sequence(changed, outer, bits(sign(hash, encode(changed), issuer.key)))) }
  }

  test("signed with SHA-1: weak-key", async () => {
    const { trust } = await trusting()
    assert.equal(cause(trust.judge(presented(resigned(certify({}, root), root, "sha1", SHA1, SHA1)))), "weak-key")
  })

  for (const [hash, algorithm, expected] of [
    ["sha256", SHA256, "ok"],
    ["sha1", SHA1, "unknown-authority"],
  ] as const) {
    test(`under an intermediate signed with ${hash}: ${expected}`, async () => {
      const { trust } = await trusting()
      const level = authority("Level 1", root)
      const intermediates = [resigned(level, root, hash, algorithm, algorithm).der]
      assert.equal(cause(trust.judge(presented(certify({}, level), { intermediates }))), expected)
    })
  }

  test("with another algorithm outside than inside: malformed", async () => {
    const { trust } = await trusting()
    for (const [inner, outer] of [
      [SHA256, SHA1],
      [SHA1, SHA256],
    ] as const) {
      assert.equal(
        cause(trust.judge(presented(resigned(certify({}, root), root, "sha256", inner, outer)))),
        "malformed",
      )
    }
  })

  test("is not believed because somebody wrote a leaf into the bundle's file", async () => {
    const { authority: own, clock } = opened()
    const leaf = certify({}, root)
    const entry = { id: "x", name: "x", certificatePem: leaf.pem, scope: "*", addedAt: NOW, addedBy: "x" }
    const outside = new MemoryDocument({ ...emptyTrust(), authorities: [entry] })
    const trust = new Trust({ own, outside, clock })
    assert.equal(cause(trust.judge(presented(certify({}, leaf)))), "unknown-authority")
  })

  for (const [digest, expected] of [
    ["-sha256", "ok"],
    ["-sha512", "ok"],
    ["-sha1", "weak-key"],
  ] as const) {
    test(`signed with RSASSA-PSS and ${digest}: ${expected}`, async () => {
      const { trust, clock } = await trusting("plant7-*", pssRoot)
      clock.date = Date.now() + 60_000 // openssl dates its certificates by the real clock
      file("pss.csr", opensslCsr(["-algorithm", "ed25519"], "/CN=plant7-pump"))
      const pss = ["-sigopt", "rsa_padding_mode:pss", "-CAcreateserial", "-set_serial", "0x7f00", "-days", "9999"]
      file("pss-root.pem", pssRoot.pem)
      file("pss-root.key", pssRoot.key.export({ type: "pkcs8", format: "pem" }))
      const args = ["-req", "-in", "pss.csr", "-CA", "pss-root.pem", "-CAkey", "pss-root.key", digest, ...pss]
      const verdict = trust.judge(presented(der(openssl("x509", ...args))))
      assert.equal(cause(verdict), expected)
      if (verdict.ok) assert.equal(verdict.serial, "7f00")
    })
  }
  const pssRoot = authority("PSS", undefined, {
    key: generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey,
    notBefore: 0,
    notAfter: NEVER,
  })

  test("more intermediates than are looked at do no harm", async () => {
    const { trust } = await trusting()
    const noise = Array.from({ length: 50 }, () => Buffer.from("noise"))
    assert.equal(cause(trust.judge(presented(certify({}, root), { intermediates: noise }))), "ok")
  })
})
