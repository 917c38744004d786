import assert from "node:assert/strict"
import { generateKeyPairSync, X509Certificate } from "node:crypto"
import { before, describe, test } from "node:test"
import { createAuthority } from "../../../service/ca/authority-material.ts"
import { readCertificate } from "../../../service/ca/certificate.ts"
import { encode, readDer, readTime, time } from "../../../service/ca/der.ts"
import type { IssueRecord } from "../../../service/ca/issue-log.ts"
import { OID } from "../../../service/ca/oid.ts"
import { pem, pemBlocks } from "../../../service/ca/pem.ts"
import {
  deviceCertificate,
  issuerFrom,
  issuingCertificate,
  keyIdOf,
  newSerial,
  rootCertificate,
  spkiOf,
} from "../../../service/ca/profile.ts"
import { NEVER } from "../../../service/ca/validity.ts"
import { issuedLine, NOW, world } from "./memory.ts"
import { file, openssl, opensslCsr, opensslSays, opensslVerify } from "./openssl.ts"
import { p256 } from "./requests.ts"

const here = world()
const by = { by: "test", through: "test" }

before(() => {
  file("root.pem", here.material.rootCertPem)
  file("issuing.pem", here.material.issuingCertPem)
  file("both.pem", here.material.issuingCertPem + here.material.rootCertPem)
})

function verify(purpose: string, path: string, ...more: string[]) {
  const chain = ["-CAfile", "root.pem", "-untrusted", "issuing.pem"]
  return opensslVerify("-purpose", purpose, ...chain, ...more, path)
}

const read = (text: string) => readCertificate(pemBlocks(text)[0]!.der!)

describe("a device's certificate passes openssl verify -x509_strict", () => {
  const keys: Record<string, string[]> = {
    "RSA-2048": ["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"],
    "RSA-4096": ["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:4096"],
    "P-256": ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"],
    "P-384": ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-384"],
    "P-521": ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-521"],
    Ed25519: ["-algorithm", "ed25519"],
  }
  for (const [name, key] of Object.entries(keys)) {
    test(name, async () => {
      const csr = opensslCsr(key, `/CN=device-${name}`)
      const issued = await here.authority.issue({ commonName: `device-${name}`, csr, lifetimeDays: "never", ...by })
      const path = file(`${name}.pem`, issued.certificatePem)
      assert.match(verify("sslclient", path).output, /: OK/)
      assert.match(verify("sslserver", path).output, /unsuitable certificate purpose/)
      assert.ok(new X509Certificate(issued.certificatePem).checkPrivateKey(keyAt("device.key")))
    })
  }

  function keyAt(name: string) {
    return issuerFrom(here.material.rootCertPem, openssl("pkey", "-in", name)).key
  }
})

test("the profile is the one of the table", async () => {
  const extensions = ["-addext", "basicConstraints=CA:TRUE", "-addext", "subjectAltName=DNS:bank.example"]
  const csr = opensslCsr(["-algorithm", "ed25519"], "/O=Evil/CN=pump@7", ...extensions)
  const issued = await here.authority.issue({ commonName: "pump@7", csr, ...by })
  const text = openssl("x509", "-in", file("leaf.pem", issued.certificatePem), "-noout", "-text", "-nameopt", "RFC2253")
  assert.match(text, /Version: 3 \(0x2\)/)
  assert.match(text, /Signature Algorithm: ecdsa-with-SHA256/)
  assert.match(text, /Issuer: CN=Plant 7 Issuing 1\n/)
  assert.match(text, /Subject: CN=pump@7\n/)
  assert.match(text, /Not Before: Jan {2}1 00:00:00 2020 GMT/)
  assert.match(text, /Basic Constraints: critical\s+CA:FALSE\n/)
  assert.match(text, /Key Usage: critical\s+Digital Signature\n/)
  assert.match(text, /Extended Key Usage: *\s+TLS Web Client Authentication\n/)
  assert.match(text, /Subject Alternative Name: *\s+URI:urn:gatehouse:Plant%207:pump@7\n/)
  assert.match(text, /Subject Key Identifier: *\s+([0-9A-F]{2}:){19}/)
  assert.match(text, /Authority Key Identifier: *\s+([0-9A-F]{2}:){19}/)
  assert.doesNotMatch(text, /bank|Evil/)
  assert.equal(issued.notAfter, Date.UTC(2026, 10, 23, 12) + 398 * 86_400_000)
  assert.equal(read(issued.certificatePem).notAfter, issued.notAfter)
})

test("no end is written as 99991231235959Z", async () => {
  const csr = opensslCsr(["-algorithm", "ed25519"], "/CN=forever")
  const issued = await here.authority.issue({ commonName: "forever", csr, lifetimeDays: "never", ...by })
  assert.equal(issued.notAfter, NEVER)
  assert.match(
    openssl("asn1parse", "-in", file("forever.pem", issued.certificatePem)),
    /GENERALIZEDTIME +:99991231235959Z/,
  )
  for (const text of [here.material.rootCertPem, here.material.issuingCertPem]) assert.equal(read(text).notAfter, NEVER)
})

test("UTCTime through 2049, GeneralizedTime after", () => {
  for (const [moment, text] of [
    [Date.UTC(2049, 11, 31, 23, 59, 59), "491231235959Z"],
    [Date.UTC(2050, 0, 1), "20500101000000Z"],
    [Date.UTC(2020, 0, 1), "200101000000Z"],
  ] as const) {
    const der = encode(time(moment))
    assert.equal(der.subarray(2).toString(), text)
    assert.equal(readTime(readDer(der)), moment)
  }
})

test("authorities are critical, limited in depth, and may sign certificates and lists alone", () => {
  const text = (name: string) => openssl("x509", "-in", name, "-noout", "-text")
  assert.match(text("root.pem"), /Basic Constraints: critical\s+CA:TRUE, pathlen:1\n/)
  assert.match(text("issuing.pem"), /Basic Constraints: critical\s+CA:TRUE, pathlen:0\n/)
  for (const name of ["root.pem", "issuing.pem"]) {
    assert.match(text(name), /Key Usage: critical\s+Certificate Sign, CRL Sign\n/)
  }
  assert.match(verify("any", "issuing.pem").output, /: OK/)
})

test("serials are 16 octets, the first 40 to 7f, and never the same", () => {
  const serials = Array.from({ length: 2000 }, () => newSerial().toString("hex"))
  for (const serial of serials) assert.match(serial, /^[4-7][0-9a-f]{31}$/)
  assert.equal(new Set(serials).size, serials.length)
})

test("issuers with other keys sign as well", () => {
  const device = encode(spkiOf(p256()))
  const issuers = {
    "P-384": generateKeyPairSync("ec", { namedCurve: "P-384" }),
    "P-521": generateKeyPairSync("ec", { namedCurve: "P-521" }),
    Ed25519: generateKeyPairSync("ed25519"),
    RSA: generateKeyPairSync("rsa", { modulusLength: 2048 }),
  }
  for (const [name, { privateKey }] of Object.entries(issuers)) {
    const keyPem = privateKey.export({ type: "pkcs8", format: "pem" }).toString()
    const rootPem = pem("CERTIFICATE", rootCertificate(`${name} Root`, privateKey))
    const issuingPem = pem(
      "CERTIFICATE",
      issuingCertificate(`${name} Issuing`, privateKey, issuerFrom(rootPem, keyPem)),
    )
    const leaf = { commonName: "a", spki: device, serial: newSerial(), notAfter: NEVER, site: "s" }
    const der = deviceCertificate(leaf, issuerFrom(issuingPem, keyPem))
    file("other-root.pem", rootPem)
    file("other-issuing.pem", issuingPem)
    const path = file("other.pem", pem("CERTIFICATE", der))
    const chain = ["-CAfile", "other-root.pem", "-untrusted", "other-issuing.pem"]
    assert.match(opensslVerify("-purpose", "sslclient", ...chain, path).output, /: OK/, name)
  }
})

describe("a server's certificate", () => {
  test("passes openssl verify for its names and addresses, and for no others", async () => {
    const addresses = ["192.168.7.2", "fe80::1", "2001:db8::ff00:42:8329", "::1"]
    const server = await here.authority.issueServer({ names: ["gatehouse.local", "box"], addresses })
    const path = file("server.pem", server.certPem)
    for (const name of ["gatehouse.local", "box"]) {
      assert.match(verify("sslserver", path, "-verify_hostname", name).output, /: OK/)
    }
    for (const address of addresses)
      assert.match(verify("sslserver", path, "-verify_ip", address).output, /: OK/, address)
    assert.equal(verify("sslserver", path, "-verify_hostname", "bank.example").code, 2)
    assert.equal(verify("sslserver", path, "-verify_ip", "192.168.7.3").code, 2)
    assert.equal(verify("sslclient", path).code, 2)
    assert.deepEqual(read(server.certPem).extensions.purposes, [OID.serverAuth])
    assert.ok(
      new X509Certificate(server.certPem).checkPrivateKey(issuerFrom(here.material.rootCertPem, server.keyPem).key),
    )
    assert.equal(here.log.find(server.serial)?.kind, "server")
    assert.equal(here.log.find(server.serial)?.state, "active")
  })

  for (const [names, addresses] of [
    [["bad name"], []],
    [["a".repeat(64)], []],
    [["192.168.0.1"], []],
    [["-a"], []],
    [[""], []],
    [[], ["fe80::1%eth0"]],
    [[], ["1.2.3"]],
    [[], ["1.2.3.256"]],
    [[], ["1:2"]],
    [[], ["::1]/x"]],
    [[], []],
  ] as const) {
    test(`is refused for ${JSON.stringify([...names, ...addresses])}`, async () => {
      await assert.rejects(here.authority.issueServer({ names, addresses }), { code: "bad-request" })
    })
  }
})

describe("the revocation list", () => {
  test("verifies, blocks what was revoked and nothing else, and never falls due", async () => {
    const { authority, material, clock } = world()
    const issue = (commonName: string) =>
      authority.issue({ commonName, csr: opensslCsr(["-algorithm", "ed25519"], `/CN=${commonName}`), ...by })
    const [good, lost, old] = [await issue("good"), await issue("lost"), await issue("old")]
    file("crl-root.pem", material.rootCertPem)
    file("crl-issuing.pem", material.issuingCertPem)
    const check = (name: string, certificatePem: string) => {
      const crl = file(name, authority.crl().pem)
      const chain = ["-CAfile", "crl-root.pem", "-untrusted", "crl-issuing.pem", "-crl_check", "-CRLfile", crl]
      return opensslVerify(...chain, file("checked.pem", certificatePem)).output
    }
    assert.match(check("empty.crl", lost.certificatePem), /: OK/)
    assert.equal(authority.crl().der, authority.crl().der, "signed once")
    await authority.revoke(lost.serial, "key-compromise", "test")
    await authority.log.supersede(old.serial, "test", clock.now())
    assert.match(check("full.crl", lost.certificatePem), /certificate revoked/)
    assert.match(check("full.crl", old.certificatePem), /certificate revoked/)
    assert.match(check("full.crl", good.certificatePem), /: OK/)
    assert.match(authority.crl().pem, /^-----BEGIN X509 CRL-----\n/)
    const text = openssl("crl", "-in", "full.crl", "-noout", "-text", "-CAfile", "crl-issuing.pem")
    assert.match(text, /CRL Number: *\s+3\n/)
    assert.match(text, /Next Update: Dec 31 23:59:59 9999 GMT/)
    assert.match(text, /Key Compromise[\s\S]*Superseded/)
    assert.match(opensslSays("crl", "-in", "full.crl", "-noout", "-CAfile", "crl-issuing.pem").output, /verify OK/)
    const thisUpdate = (name: string) => Date.parse(openssl("crl", "-in", name, "-noout", "-lastupdate").split("=")[1]!)
    assert.equal(thisUpdate("empty.crl"), NOW - 60_000)
    assert.equal(thisUpdate("full.crl"), NOW - 59_000, "two lists of one second are told apart")
  })

  test("of 20,000 revoked certificates is made without a long pause", () => {
    const material = createAuthority("Plant 7")
    const authority = keyIdOf(read(material.issuingCertPem).spki).toString("hex")
    const lines = Array.from({ length: 20_000 }, (_, n) => issuedLine(n, { authority }))
    const revoked = lines.map(({ serial }) => revokedLine(serial))
    const full = world(material, [...lines, ...revoked]).authority
    const start = performance.now()
    assert.ok(full.crl().der.length > 700_000)
    assert.ok(performance.now() - start < 5000)
  })

  const revokedLine = (serial: string): IssueRecord => {
    return { record: "changed", serial, state: "revoked", reason: "key-compromise", by: "test", at: NOW }
  }
})
