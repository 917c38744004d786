import assert from "node:assert/strict"
import { describe, test } from "node:test"
import { encode, integer, oid, sequence, set, TAG } from "../../../service/ca/der.ts"
import { rule } from "./csr-rule.ts"
import { commonName, named, p256, request, subjectOf, text } from "./requests.ts"

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
