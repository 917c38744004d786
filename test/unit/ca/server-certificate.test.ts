import assert from "node:assert/strict"
import { describe, test } from "node:test"
import { addressOctets, isHostName, isPrivateAddress } from "../../../service/ca/address.ts"
import { needsReissue, type ServerCertificate } from "../../../service/ca/server-certificate.ts"
import { DAY } from "../../../service/ca/validity.ts"
import { NOW, world } from "./memory.ts"

const NAMES = ["gatehouse.local", "box"]
const ADDRESSES = ["192.168.7.2", "fe80::1"]

describe("a server's certificate", async () => {
  const { authority } = world()
  const current = await authority.issueServer({ names: NAMES, addresses: ADDRESSES })
  const other = await authority.issueServer({ names: NAMES, addresses: ADDRESSES })
  const later = (days: number) => NOW + days * DAY

  const cases: [string, RegExp | null, ServerCertificate | undefined, string[], string[], number][] = [
    ["fresh", null, current, NAMES, ADDRESSES, NOW],
    ["in another order and spelling", null, current, ["BOX", "Gatehouse.local"], ["FE80:0::1", "192.168.7.2"], NOW],
    ["with more than a third of its life left", null, current, NAMES, ADDRESSES, later(265)],
    ["with less than a third of its life left", /ends on/, current, NAMES, ADDRESSES, later(266)],
    ["long expired", /ends on/, current, NAMES, ADDRESSES, later(4000)],
    ["with a name more wanted", /is for/, current, [...NAMES, "new"], ADDRESSES, NOW],
    ["with a name less wanted", /is for/, current, ["box"], ADDRESSES, NOW],
    ["with another address wanted", /addresses/, current, NAMES, ["192.168.7.3", "fe80::1"], NOW],
    ["with no address wanted", /addresses/, current, NAMES, [], NOW],
    ["missing", /does not exist/, undefined, NAMES, ADDRESSES, NOW],
    ["with a key that does not fit", /fit/, { ...current, keyPem: other.keyPem }, NAMES, ADDRESSES, NOW],
    ["with a damaged key", /read/, { ...current, keyPem: "x" }, NAMES, ADDRESSES, NOW],
    ["damaged", /read/, { ...current, certPem: "x" }, NAMES, ADDRESSES, NOW],
    ["with a clock before 2020", /not valid before/, current, NAMES, ADDRESSES, 0],
  ]
  for (const [what, expected, certificate, names, addresses, now] of cases) {
    test(`${what}: ${expected === null ? "stays" : "is issued anew"}`, () => {
      const reason = needsReissue(certificate, names, addresses, now)
      if (expected === null) assert.equal(reason, null)
      else assert.match(reason ?? "", expected)
    })
  }

  test("counts a third of the lifetime it was issued for", () => {
    assert.equal(needsReissue(current, NAMES, ADDRESSES, later(390), { lifetimeDays: 10 }), null)
  })

  test("of another authority is issued anew", () => {
    const [issuerPem] = authority.anchors
    assert.equal(needsReissue(current, NAMES, ADDRESSES, NOW, { issuerPem }), null)
    const [foreign] = world().authority.anchors
    assert.match(needsReissue(current, NAMES, ADDRESSES, NOW, { issuerPem: foreign }) ?? "", /another authority/)
  })
})

test("addresses become the octets a certificate holds", () => {
  const cases: Record<string, string | undefined> = {
    "192.168.7.2": "c0a80702",
    "0.0.0.0": "00000000",
    "::": "00".repeat(16),
    "::1": `${"00".repeat(15)}01`,
    "2001:db8::ff00:42:8329": "20010db8000000000000ff0000428329",
    "1:2:3:4:5:6:7:8": "00010002000300040005000600070008",
    "::ffff:10.0.0.1": `${"00".repeat(10)}ffff0a000001`,
  }
  for (const [text, hex] of Object.entries(cases)) assert.equal(addressOctets(text)?.toString("hex"), hex, text)
  for (const text of [
    "",
    "1",
    "1.2.3",
    "01.2.3.4",
    "1.2.3.4.5",
    "256.1.1.1",
    "0x7f.1.1.1",
    ":",
    ":::",
    "1::2::3",
    "g::",
    "::1%lo",
    "[::1]",
    "1:2:3:4:5:6:7:8:9",
    "a.b",
  ]) {
    assert.equal(addressOctets(text), undefined, text)
  }
})

test("private, loopback and link-local addresses are told from public ones", () => {
  const inside = [
    "10.1.2.3",
    "172.16.0.1",
    "172.31.255.255",
    "192.168.0.1",
    "127.0.0.1",
    "169.254.1.1",
    "fd00::1",
    "fe80::1",
    "febf::1",
    "::1",
  ]
  const outside = [
    "9.9.9.9",
    "172.32.0.1",
    "172.15.0.1",
    "192.169.0.1",
    "2001:db8::1",
    "fec0::1",
    "::2",
    "::",
    "::ffff:10.0.0.1",
    "x",
  ]
  for (const text of inside) assert.equal(isPrivateAddress(text), true, text)
  for (const text of outside) assert.equal(isPrivateAddress(text), false, text)
})

test("host names", () => {
  for (const name of ["a", "gatehouse.local", "x-1.example", "1a", "a".repeat(63)])
    assert.equal(isHostName(name), true, name)
  for (const name of [
    "",
    ".",
    "a.",
    ".a",
    "a..b",
    "-a",
    "a-",
    "a_b",
    "*.a",
    "a b",
    "ä",
    "1.2.3.4",
    "a".repeat(64),
    `${"a.".repeat(127)}a`,
  ]) {
    assert.equal(isHostName(name), false, name)
  }
})
