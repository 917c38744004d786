import assert from "node:assert/strict"
import { describe, test } from "node:test"
import { type Der, oid, primitive, sequence, set, TAG } from "../../../service/ca/der.ts"
import { certify } from "./foreign.ts"
import { commonName, subjectOf } from "./requests.ts"
import { cause, presented, root, trusting } from "./trusting.ts"

describe("a hostile common name from an outside authority is refused", () => {
  const hostile: Record<string, Der> = {
    star: cn("*"),
    plus: cn("+"),
    hash: cn("#"),
    $SYS: cn("$SYS"),
    __proto__x: cn("__proto__"),
    NUL: cn("plant7-a\0.evil"),
    newline: cn("plant7-a\nCN=admin"),
    "a final newline": cn("plant7-a\n"),
    empty: cn(""),
    "two names": subjectOf(commonName("plant7-a"), commonName("admin")),
    "two in one RDN": sequence(set(commonName("plant7-a"), commonName("admin"))),
    BMPString: subjectOf(commonName(primitive(0x1e, Buffer.from("\0a", "latin1")))),
    T61String: subjectOf(commonName(primitive(0x14, Buffer.from("plant7-a")))),
    "5000 bytes": cn("a".repeat(5000)),
    none: sequence(),
    "another attribute": subjectOf(sequence(oid("2.5.4.10"), primitive(TAG.utf8, Buffer.from("CN=admin")))),
    "CN in the text of another": subjectOf(commonName("plant7-a, CN=admin")),
    slash: cn("plant7-a/CN=admin"),
  }
  for (const [what, subject] of Object.entries(hostile)) {
    test(what, async () => {
      const { trust } = await trusting("*")
      const verdict = trust.judge(presented(certify({ subject }, root)))
      assert.equal(cause(verdict), "bad-common-name")
      assert.match(verdict.commonName ?? "", /^[\x20-\x7e]{0,64}$/)
      assert.match((verdict as { sentence: string }).sentence, /^[\x20-\x7e]{1,300}$/)
    })
  }
  function cn(text: string): Der {
    return subjectOf(commonName(text))
  }
})
