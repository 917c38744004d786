import assert from "node:assert/strict"
import { describe, test } from "node:test"
import { readCertificate } from "../../../service/ca/certificate.ts"
import { encode } from "../../../service/ca/der.ts"
import { OID } from "../../../service/ca/oid.ts"
import { deviceCertificate, newSerial } from "../../../service/ca/profile.ts"
import { DAY, NEVER } from "../../../service/ca/validity.ts"
import { authority, authorityConstraint, certify, leafConstraint, purposes, usage } from "./foreign.ts"
import { NOW } from "./memory.ts"
import { commonName, p256, request, spkiOf, subjectOf } from "./requests.ts"
import { by, cause, der, opened, presented } from "./trusting.ts"

describe("a certificate of our own", () => {
  test("is believed, and says who it is", async () => {
    const { trust, issue } = opened()
    const issued = await issue("pump-1")
    const verdict = trust.judge(presented(der(issued.certificatePem)))
    const { serial, fingerprint, spkiHash, notAfter } = issued
    assert.deepEqual(verdict, {
      ok: true,
      commonName: "pump-1",
      issuer: "gatehouse",
      spkiHash,
      serial,
      top: serial,
      fingerprint,
      notAfter,
    })
  })

  test("is believed with the issuing authority sent along, and resumed", async () => {
    const { trust, issue, material } = opened()
    const leaf = der((await issue("pump-1")).certificatePem)
    const intermediates = [der(material.issuingCertPem), der(material.rootCertPem)]
    assert.equal(cause(trust.judge(presented(leaf, { intermediates }))), "ok")
    const fresh = opened()
    const other = der((await fresh.issue("pump-1")).certificatePem)
    assert.equal(cause(fresh.trust.judge(presented(other, { resumed: true }))), "ok")
  })

  test("is refused when it is not in the issue log, whatever it says", async () => {
    const { trust, issue, issuer } = opened()
    const { serial } = await issue("pump-1")
    const stolen = { commonName: "pump-1", spki: encode(spkiOf(p256())), notAfter: NEVER, site: "Plant 7" }
    const unknown = deviceCertificate({ ...stolen, serial: newSerial() }, issuer)
    const sameSerial = deviceCertificate({ ...stolen, serial: Buffer.from(serial, "hex") }, issuer)
    for (const leaf of [unknown, sameSerial]) assert.equal(cause(trust.judge(presented(leaf))), "not-in-issue-log")
  })

  test("is refused once revoked or superseded, also from memory and resumed", async () => {
    const { trust, issue, authority, log } = opened()
    const [one, two] = [await issue("pump-1"), await issue("pump-2")]
    const leaves = [one, two].map(({ certificatePem }) => der(certificatePem))
    for (const leaf of leaves) assert.equal(cause(trust.judge(presented(leaf))), "ok")
    await authority.revoke(one.serial, "key-compromise", "admin")
    await log.supersede(two.serial, "admin", NOW)
    for (const resumed of [false, true]) {
      const [revoked, superseded] = leaves.map((leaf) => trust.judge(presented(leaf, { resumed })))
      assert.equal(cause(revoked!), "revoked")
      assert.equal(cause(superseded!), "revoked")
      assert.match((superseded as { sentence: string }).sentence, /superseded/)
    }
  })

  test("is refused when it is a server's", async () => {
    const { trust, authority } = opened()
    const server = await authority.issueServer({ names: ["pump-1"], addresses: [] })
    assert.equal(cause(trust.judge(presented(der(server.certPem)))), "bad-purpose")
  })

  test("is judged by its dates at every call", async () => {
    const { trust, issue, clock } = opened()
    const issued = await issue("pump-1")
    const leaf = der(issued.certificatePem)
    const at = (date: number, resumed = false) => {
      clock.date = date
      return cause(trust.judge(presented(leaf, { resumed })))
    }
    assert.equal(at(issued.notAfter), "ok")
    assert.equal(at(issued.notAfter + 1), "expired")
    assert.equal(at(issued.notAfter + 1, true), "expired")
    assert.equal(at(Date.UTC(1970, 0, 2)), "not-yet-valid")
    assert.equal(at(NOW), "ok")
  })

  test("expired alone says that all else was good: revoked counts more", async () => {
    const { trust, issue, clock, authority } = opened()
    const issued = await issue("pump-1")
    clock.date = issued.notAfter + DAY
    assert.equal(cause(trust.judge(presented(der(issued.certificatePem)))), "expired")
    await authority.revoke(issued.serial, "lost", "admin")
    assert.equal(cause(trust.judge(presented(der(issued.certificatePem)))), "revoked")
  })

  test("is refused when the TLS layer refused it", async () => {
    const { trust, issue } = opened()
    const leaf = der((await issue("pump-1")).certificatePem)
    const verdict = trust.judge(presented(leaf, { authorizationError: "CERT_REVOKED" }))
    assert.equal(cause(verdict), "refused-by-tls")
    assert.match((verdict as { sentence: string }).sentence, /CERT_REVOKED/)
  })
})

describe("a forger with a key of its own", () => {
  const forged = (dates: { notBefore?: number; notAfter?: number }) => {
    const here = opened()
    const { name, keyId } = here.issuer
    const extensions = [leafConstraint, usage(0x80), purposes(OID.clientAuth)]
    const subject = subjectOf(commonName("pump-1"))
    return { ...here, leaf: certify({ subject, extensions, claims: { name, keyId }, ...dates }, authority("Evil")) }
  }
  const cases: [string, { notBefore?: number; notAfter?: number }, string | undefined][] = [
    ["our name and key identifier", {}, "UNABLE_TO_VERIFY_LEAF_SIGNATURE"],
    ["and a past date, which hides the rest", { notAfter: NOW - 1000 }, "CERT_HAS_EXPIRED"],
    ["and a future date, which hides the rest", { notBefore: NOW + DAY }, "CERT_NOT_YET_VALID"],
    ["and a TLS layer that saw nothing", {}, undefined],
  ]
  for (const [what, dates, authorizationError] of cases) {
    test(`is found out: ${what}`, async () => {
      const { trust, leaf, issue } = forged(dates)
      await issue("pump-1")
      for (const resumed of [false, true]) {
        assert.equal(cause(trust.judge(presented(leaf, { authorizationError, resumed }))), "unknown-authority")
      }
    })
  }

  test("is found out when it sends an issuing certificate of its own with our name", async () => {
    const { trust, issuer } = opened()
    const evil = certify({ subject: issuer.name, extensions: [authorityConstraint(), usage(0x06)] })
    const leaf = certify({ subject: subjectOf(commonName("pump-1")) }, evil)
    assert.equal(cause(trust.judge(presented(leaf, { intermediates: [evil.der] }))), "unknown-authority")
  })

  test("cannot use a device's certificate as an authority", async () => {
    const { trust, authority: own } = opened()
    const key = p256()
    const issued = await own.issue({ commonName: "pump-1", csr: request({ key }), ...by })
    const device = readCertificate(der(issued.certificatePem))
    const parent = { name: device.subject, key, der: device.der, pem: issued.certificatePem }
    const leaf = certify({ subject: subjectOf(commonName("admin")) }, parent)
    assert.equal(cause(trust.judge(presented(leaf, { intermediates: [device.der] }))), "unknown-authority")
  })

  test("cannot change a bit of a certificate in use", async () => {
    const { trust, issue } = opened()
    const leaf = der((await issue("pump-1")).certificatePem)
    assert.equal(cause(trust.judge(presented(leaf))), "ok")
    for (let bit = 0; bit < leaf.length * 8; bit += 7) {
      const flipped = Buffer.from(leaf)
      flipped[bit >> 3]! ^= 1 << (bit & 7)
      assert.notEqual(cause(trust.judge(presented(flipped))), "ok", `bit ${bit}`)
    }
  })

  for (const [what, bytes] of Object.entries({
    nothing: "",
    text: "hello",
    "an empty sequence": "\x30\x00",
    "17 KiB": "0".repeat(17 * 1024),
  })) {
    test(`is refused with ${what} for a certificate`, () => {
      assert.equal(cause(opened().trust.judge(presented(Buffer.from(bytes, "latin1")))), "malformed")
    })
  }
})
test("a storm of reconnects is judged from memory", async () => {
  const { trust, issue } = opened()
  const leaf = der((await issue("pump-1")).certificatePem)
  trust.judge(presented(leaf))
  const start = performance.now()
  for (let i = 0; i < 10_000; i++) trust.judge(presented(leaf))
  assert.ok(performance.now() - start < 1000, `${performance.now() - start} ms`)
})
