import assert from "node:assert/strict"
import { X509Certificate } from "node:crypto"
import { before, describe, test } from "node:test"
import { encode } from "../../../service/ca/der.ts"
import { createPageAuthority, PageAuthority } from "../../../service/ca/page-authority.ts"
import { pem } from "../../../service/ca/pem.ts"
import { deviceCertificate, issuerFrom, newSerial, serverCertificate, spkiOf } from "../../../service/ca/profile.ts"
import { needsReissue } from "../../../service/ca/server-certificate.ts"
import { DAY, NEVER } from "../../../service/ca/validity.ts"
import { NOW, TestClock } from "./memory.ts"
import { file, opensslSays, opensslVerify } from "./openssl.ts"
import { p256 } from "./requests.ts"

const NAMES = ["gatehouse.local", "box"]
const ADDRESSES = ["192.168.7.2", "10.0.0.1", "fe80::1", "fd00::7", "::1"]
const material = createPageAuthority("Plant 7", NAMES)
const clock = new TestClock()
const page = new PageAuthority(material, clock)

before(() => {
  file("page.pem", material.certPem)
})

const verify = (path: string, ...more: string[]) =>
  opensslVerify("-purpose", "sslserver", "-CAfile", "page.pem", ...more, path)

test("the page's certificate is good for the gateway's names and private addresses", () => {
  const issued = page.issue(NAMES, ADDRESSES)
  const path = file("leaf.pem", issued.certPem)
  for (const name of NAMES) assert.match(verify(path, "-verify_hostname", name).output, /: OK/)
  for (const address of ADDRESSES) assert.match(verify(path, "-verify_ip", address).output, /: OK/)
  assert.match(issued.certPem, /^-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----\n-----BEGIN/)
  assert.equal(needsReissue(issued, NAMES, ADDRESSES, NOW, { issuerPem: page.certPem }), null)
})

test("it lasts 397 days from first to last, as browsers want it, and begins a day ago", () => {
  const issued = page.issue(NAMES, [])
  const { validFromDate, validToDate } = new X509Certificate(issued.certPem)
  assert.equal(validFromDate.getTime(), NOW - DAY)
  assert.equal(validToDate.getTime() - validFromDate.getTime(), 397 * DAY)
  assert.equal(validToDate.getTime(), issued.notAfter)
})

test("the authority is constrained critically, and to servers", () => {
  const { output } = opensslSays("x509", "-in", "page.pem", "-noout", "-text")
  assert.match(output, /Subject: CN = Plant 7 Page\n/)
  assert.match(
    output,
    /Name Constraints: critical\s+Permitted:\s+DNS:gatehouse.local\s+DNS:box\s+IP:10.0.0.0\/255.0.0.0/,
  )
  assert.match(output, /Basic Constraints: critical\s+CA:TRUE, pathlen:0/)
  assert.match(output, /Extended Key Usage: *\s+TLS Web Server Authentication\n/)
  assert.match(page.fingerprint, /^[0-9a-f]{64}$/)
})

describe("with its key stolen, it still cannot speak for", () => {
  const thief = issuerFrom(material.certPem, material.keyPem)
  const leaf = { spki: encode(spkiOf(p256())), serial: newSerial(), notAfter: NEVER }
  const cases: [string, readonly string[], readonly string[]][] = [
    ["bank.example", ["bank.example"], []],
    ["bank.example beside a name it may have", ["gatehouse.local", "bank.example"], []],
    ["a name that ends alike", ["evilgatehouse.local"], []],
    ["a public address", ["box"], ["8.8.8.8"]],
    ["a public IPv6 address", ["box"], ["2001:db8::1"]],
  ]
  for (const [what, names, addresses] of cases) {
    test(what, () => {
      const der = serverCertificate({ ...leaf, commonName: names[0]!, names, addresses }, thief)
      assert.match(verify(file("evil.pem", pem("CERTIFICATE", der))).output, /permitted subtree violation/)
    })
  }

  test("a client", () => {
    const der = deviceCertificate({ ...leaf, commonName: "admin", site: "s" }, thief)
    const path = file("client.pem", pem("CERTIFICATE", der))
    assert.match(opensslVerify("-purpose", "sslclient", "-CAfile", "page.pem", path).output, /unsuitable/)
  })
})

test("it knows what it may speak for and refuses the rest", () => {
  for (const name of ["gatehouse.local", "Gatehouse.LOCAL", "x.gatehouse.local", "box"])
    assert.ok(page.permits(name), name)
  for (const name of ["local", "evilgatehouse.local", "bank.example", ""]) assert.ok(!page.permits(name), name)
  assert.throws(() => page.issue(["bank.example"], []), { code: "bad-request", message: /bank.example/ })
  assert.throws(() => page.issue(NAMES, ["8.8.8.8"]), { code: "bad-request", message: /8.8.8.8/ })
  assert.throws(() => page.issue([], ["10.0.0.1"]), { code: "bad-request" })
  assert.throws(() => createPageAuthority("Plant 7", []), { code: "bad-request" })
  assert.throws(() => createPageAuthority("Plant 7", ["*"]), { code: "bad-request" })
})

test("parts that do not belong together stop the start", () => {
  const other = createPageAuthority("Plant 7", NAMES)
  for (const part of [{ keyPem: other.keyPem }, { keyPem: "x" }, { certPem: "x" }]) {
    assert.throws(() => new PageAuthority({ ...material, ...part }, clock), { code: "state-unusable" })
  }
})
