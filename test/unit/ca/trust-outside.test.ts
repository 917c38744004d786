import assert from "node:assert/strict"
import { generateKeyPairSync } from "node:crypto"
import { describe, test } from "node:test"
import { OID } from "../../../service/ca/oid.ts"
import { DAY } from "../../../service/ca/validity.ts"
import { authorityConstraint, certify, leafConstraint, purposes, unknownCritical, usage } from "./foreign.ts"
import { NOW } from "./memory.ts"
import { commonName, subjectOf } from "./requests.ts"
import { cause, presented, root, rsa1024, trusting } from "./trusting.ts"

describe("a certificate of an outside authority", () => {
  test("is believed within its scope", async () => {
    const { trust } = await trusting()
    const verdict = trust.judge(presented(certify({}, root)))
    assert.ok(verdict.ok)
    assert.equal(verdict.issuer, "plant7")
    assert.equal(verdict.commonName, "plant7-pump")
    assert.match(verdict.serial, /^[4-7][0-9a-f]{31}$/)
    assert.equal(verdict.notAfter, NOW + 365 * DAY)
  })

  const names: [string, string, string][] = [
    ["plant7-*", "plant8-pump", "out-of-scope"],
    ["plant7-*", "plant7", "out-of-scope"],
    ["plant7-*", "plant7-", "ok"],
    ["pump", "pump", "ok"],
    ["pump", "pump2", "out-of-scope"],
    ["*", "anything", "ok"],
  ]
  for (const [scope, name, expected] of names) {
    test(`scope ${scope}, name ${name}: ${expected}`, async () => {
      const { trust } = await trusting(scope)
      assert.equal(cause(trust.judge(presented(certify({ subject: subjectOf(commonName(name)) }, root)))), expected)
    })
  }

  test("never stands for a name we issued for, not even after we revoked it", async () => {
    const { trust, issue, authority: own } = await trusting("*")
    const leaf = certify({ subject: subjectOf(commonName("pump-1")) }, root)
    const before = trust.judge(presented(leaf))
    assert.ok(before.ok)
    const { serial } = await issue("pump-1")
    assert.equal(cause(trust.judge(presented(leaf))), "out-of-scope")
    assert.equal(trust.stillGood(before, NOW), false, "a live session ends too")
    await own.revoke(serial, "lost", "admin")
    assert.equal(cause(trust.judge(presented(leaf))), "out-of-scope")
  })

  const k1 = generateKeyPairSync("ec", { namedCurve: "secp256k1" }).privateKey
  const leaves: [string, string, Parameters<typeof certify>[0]][] = [
    ["serverAuth only", "bad-purpose", { extensions: [purposes(OID.serverAuth)] }],
    ["CA:TRUE", "bad-purpose", { extensions: [authorityConstraint(0), usage(0x86)] }],
    ["a key that may not sign", "bad-purpose", { extensions: [leafConstraint, usage(0x20)] }],
    ["an unknown critical extension", "bad-purpose", { extensions: [unknownCritical] }],
    ["clientAuth among others", "ok", { extensions: [purposes(OID.serverAuth, OID.clientAuth), usage(0xa0)] }],
    ["no extension at all", "ok", { extensions: [] }],
    ["the same extension twice", "malformed", { extensions: [leafConstraint, leafConstraint] }],
    ["RSA-1024", "weak-key", { key: rsa1024 }],
    ["secp256k1", "weak-key", { key: k1 }],
    ["expired", "expired", { notAfter: NOW - 1000 }],
    ["not yet valid", "not-yet-valid", { notBefore: NOW + 1000 }],
  ]
  for (const [what, expected, wanted] of leaves) {
    test(`${what}: ${expected}`, async () => {
      const { trust } = await trusting()
      assert.equal(cause(trust.judge(presented(certify(wanted, root)))), expected)
    })
  }

  test("is refused when the TLS layer refused it", async () => {
    const { trust } = await trusting()
    const leaf = certify({}, root)
    assert.equal(cause(trust.judge(presented(leaf, { authorizationError: "CERT_HAS_EXPIRED" }))), "refused-by-tls")
  })

  test("is refused, and its live sessions end, once the authority is removed", async () => {
    const { trust } = await trusting()
    const leaf = certify({}, root)
    const verdict = trust.judge(presented(leaf))
    assert.ok(verdict.ok)
    let told = 0
    trust.onChange(() => {
      told++
      assert.equal(trust.stillGood(verdict, NOW), false)
    })
    await trust.remove("plant7")
    assert.equal(told, 1)
    assert.equal(cause(trust.whyEnded(verdict, NOW)!), "unknown-authority")
    assert.equal(cause(trust.judge(presented(leaf))), "unknown-authority")
  })
})
