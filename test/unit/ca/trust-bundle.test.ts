import assert from "node:assert/strict"
import { generateKeyPairSync } from "node:crypto"
import { describe, test } from "node:test"
import { readCertificate } from "../../../service/ca/certificate.ts"
import { OID } from "../../../service/ca/oid.ts"
import { Trust } from "../../../service/ca/trust.ts"
import { DAY } from "../../../service/ca/validity.ts"
import { authority, authorityConstraint, certify, purposes, usage } from "./foreign.ts"
import { MemoryDocument, NOW } from "./memory.ts"
import { p256 } from "./requests.ts"
import { ANYBODY, cause, opened, presented } from "./trusting.ts"

describe("the trust bundle", () => {
  const [one, two] = [authority("One"), authority("Two")]

  test("takes any number of authorities and lists them", async () => {
    const { trust, document, material } = opened()
    const added = await trust.add(`# a comment\r\n${one.pem}\n${two.pem}`, { scope: "plant7-*", by: "admin" })
    assert.deepEqual(added, trust.list())
    const { fingerprint } = readCertificate(one.der)
    const [first] = trust.list()
    assert.match(first!.id, /^ca-[0-9a-f]{16}$/)
    assert.deepEqual(
      [first!.name, first!.subject, first!.scope, first!.fingerprint, first!.notAfter, first!.addedAt, first!.addedBy],
      ["CN=One", "CN=One", "plant7-*", fingerprint, NOW + 365 * DAY, NOW, "admin"],
    )
    assert.deepEqual(trust.tlsAuthorities(), [material.issuingCertPem, material.rootCertPem, one.pem, two.pem])
    assert.equal(document.value.authorities.length, 2)
  })

  test("is read again after a restart", async () => {
    const { trust, document, authority: own, clock } = opened()
    await trust.add(one.pem, { scope: "*", by: "admin", name: "Our PKI" })
    const again = new Trust({ own, outside: document, clock })
    assert.deepEqual(again.list(), trust.list())
    assert.equal(cause(again.judge(presented(certify({}, one)))), "ok")
    const [broken] = document.value.authorities.map((a) => ({ ...a, certificatePem: "x" }))
    const outside = new MemoryDocument({ ...document.value, authorities: [broken!] })
    assert.throws(() => new Trust({ own, outside, clock }), { code: "document-damaged" })
  })

  const key = p256()
  const refused: [string, RegExp, (own: ReturnType<typeof opened>) => string][] = [
    ["a leaf", /not the certificate of an authority/, () => certify({}, one).pem],
    [
      "one without keyCertSign",
      /keyCertSign/,
      () => authority("X", undefined, { extensions: [authorityConstraint(), usage(0x02)] }).pem,
    ],
    [
      "one for servers alone",
      /clientAuth/,
      () => authority("X", undefined, { extensions: [authorityConstraint(), purposes(OID.serverAuth)] }).pem,
    ],
    [
      "an expired one",
      /expired on 2026-11-23 11:59 UTC/,
      () => authority("X", undefined, { notAfter: NOW - 1000 }).pem,
    ],
    ["one of tomorrow", /not valid before/, () => authority("X", undefined, { notBefore: NOW + DAY }).pem],
    [
      "one with a weak key",
      /1024 bits/,
      () => authority("X", undefined, { key: generateKeyPairSync("rsa", { modulusLength: 1024 }).privateKey }).pem,
    ],
    ["our issuing authority", /own authority/, ({ material }) => material.issuingCertPem],
    ["our root", /own authority/, ({ material }) => material.rootCertPem],
    ["our key under another name", /own authority/, ({ issuer }) => authority("X", undefined, { key: issuer.key }).pem],
    [
      "our name with another key",
      /own authority/,
      ({ issuer }) => authority("X", undefined, { subject: issuer.name }).pem,
    ],
    [
      "one key twice in the bundle",
      /trusted already/,
      () => authority("X", undefined, { key }).pem + authority("Y", undefined, { key }).pem,
    ],
    ["one trusted already", /trusted already/, () => two.pem],
    ["a private key beside it", /is a PRIVATE KEY/, ({ material }) => one.pem + material.rootKeyPem],
    ["a damaged one", /damaged/, () => one.pem.replace(/\n(.{20}).{4}/, "\n$1AAAA")],
    ["no PEM", /no certificate in PEM/, () => "hello"],
    ["too much", /larger than/, () => " ".repeat(300_000)],
  ]
  for (const [what, message, make] of refused) {
    test(`refuses ${what}, and all that came with it`, async () => {
      const here = opened()
      await here.trust.add(two.pem, ANYBODY)
      const before = here.document.value
      const bundle = make(here)
      const more = bundle.includes("-----BEGIN") ? authority("Good").pem : ""
      await assert.rejects(here.trust.add(more + bundle, ANYBODY), { code: "certificate-refused", message })
      assert.equal(here.document.value, before)
      assert.equal(here.trust.list().length, 1)
    })
  }

  test("refuses a scope, an id or a name that is none", async () => {
    const { trust } = opened()
    for (const scope of ["", "a*b", "**", "#", "+", "-*", "a".repeat(70)]) {
      await assert.rejects(trust.add(one.pem, { scope, by: "admin" }), { code: "bad-request" }, scope)
    }
    for (const id of ["gatehouse", "", "A", "__proto__", "a".repeat(33)]) {
      await assert.rejects(trust.add(one.pem, { ...ANYBODY, id }), { code: "bad-request" }, id)
    }
    await assert.rejects(trust.add(one.pem + two.pem, { ...ANYBODY, id: "both" }), { code: "bad-request" })
    await trust.add(one.pem, { ...ANYBODY, id: "one" })
    await assert.rejects(trust.add(two.pem, { ...ANYBODY, id: "one" }), { code: "conflict" })
    await assert.rejects(trust.remove("two"), { code: "not-found" })
  })

  test("of two that add the same at once, one is refused", async () => {
    const { trust } = opened()
    const outcomes = await Promise.allSettled([trust.add(one.pem, ANYBODY), trust.add(one.pem, ANYBODY)])
    assert.deepEqual(outcomes.map((o) => o.status).sort(), ["fulfilled", "rejected"])
    assert.equal(trust.list().length, 1)
  })

  test("stays as it was while the disk fails", async () => {
    const { trust, document } = opened()
    await trust.add(one.pem, ANYBODY)
    document.broken = true
    await assert.rejects(trust.add(two.pem, ANYBODY), { code: "disk-failed" })
    await assert.rejects(trust.remove(trust.list()[0]!.id), { code: "disk-failed" })
    assert.deepEqual(
      trust.list().map(({ name }) => name),
      ["CN=One"],
    )
    assert.equal(cause(trust.judge(presented(certify({}, one)))), "ok")
  })
})
