import assert from "node:assert/strict"
import { describe, test } from "node:test"
import { OID } from "../../../service/ca/oid.ts"
import { DAY } from "../../../service/ca/validity.ts"
import {
  authority,
  authorityConstraint,
  certify,
  leafConstraint,
  type Party,
  purposes,
  unknownCritical,
  usage,
} from "./foreign.ts"
import { NOW } from "./memory.ts"
import { p256 } from "./requests.ts"
import { ANYBODY, cause, presented, root, rsa1024, trusting } from "./trusting.ts"

describe("a path over intermediates", () => {
  const chain = (depth: number, wanted: Parameters<typeof certify>[0] = {}) => {
    const authorities: Party[] = []
    for (let n = 1; n <= depth; n++)
      authorities.unshift(authority(`Level ${n}`, authorities[0] ?? root, n === depth ? wanted : {}))
    return { leaf: certify({}, authorities[0]), intermediates: authorities.map((one) => one.der) }
  }

  for (const [depth, expected] of [
    [1, "ok"],
    [2, "ok"],
    [3, "ok"],
    [4, "unknown-authority"],
  ] as const) {
    test(`${depth}: ${expected}`, async () => {
      const { trust } = await trusting()
      const { leaf, intermediates } = chain(depth)
      assert.equal(cause(trust.judge(presented(leaf, { intermediates }))), expected)
      assert.equal(cause(trust.judge(presented(leaf, { intermediates: intermediates.toReversed() }))), expected)
    })
  }

  const flawed: [string, string, Parameters<typeof certify>[0]][] = [
    ["one that is no authority", "unknown-authority", { extensions: [leafConstraint] }],
    ["one that may not sign certificates", "unknown-authority", { extensions: [authorityConstraint(), usage(0x80)] }],
    ["one for servers", "unknown-authority", { extensions: [authorityConstraint(), purposes(OID.serverAuth)] }],
    [
      "one with an unknown critical extension",
      "unknown-authority",
      { extensions: [authorityConstraint(), unknownCritical] },
    ],
    ["one that expired", "expired", { notAfter: NOW - 1000 }],
    ["one that is not yet valid", "not-yet-valid", { notBefore: NOW + 1000 }],
    ["one with a weak key", "unknown-authority", { key: rsa1024 }],
  ]
  for (const [what, expected, wanted] of flawed) {
    test(`${what}: ${expected}`, async () => {
      const { trust } = await trusting()
      const { leaf, intermediates } = chain(1, wanted)
      assert.equal(cause(trust.judge(presented(leaf, { intermediates }))), expected)
    })
  }

  test("a path length is kept", async () => {
    const short = authority("Short", undefined, { extensions: [authorityConstraint(0), usage(0x06)] })
    const { trust } = await trusting("plant7-*", short)
    assert.equal(cause(trust.judge(presented(certify({}, short)))), "ok")
    const below = authority("Below", short)
    const verdict = trust.judge(presented(certify({}, below), { intermediates: [below.der] }))
    assert.equal(cause(verdict), "unknown-authority")
  })

  test("the earliest end on the path counts", async () => {
    const { trust, clock } = await trusting()
    const { leaf, intermediates } = chain(1, { notAfter: NOW + DAY })
    const verdict = trust.judge(presented(leaf, { intermediates }))
    assert.ok(verdict.ok)
    assert.equal(verdict.notAfter, NOW + DAY)
    assert.equal(trust.stillGood(verdict, NOW + DAY), true)
    assert.equal(cause(trust.whyEnded(verdict, NOW + DAY + 1)!), "expired")
    clock.date = NOW + 2 * DAY
    assert.equal(cause(trust.judge(presented(leaf, { intermediates }))), "expired")
    assert.equal(cause(trust.judge(presented(leaf, { resumed: true }))), "expired")
  })

  test("a renewed intermediate is taken up", async () => {
    const { trust, clock } = await trusting()
    const key = p256()
    const [old, renewed] = [NOW + DAY, NOW + 99 * DAY].map((notAfter) => authority("Level 1", root, { key, notAfter }))
    const leaf = certify({}, old)
    assert.equal(cause(trust.judge(presented(leaf, { intermediates: [old!.der] }))), "ok")
    clock.date = NOW + 2 * DAY
    assert.equal(cause(trust.judge(presented(leaf, { intermediates: [old!.der, renewed!.der] }))), "ok")
  })

  test("a resumed session is believed only after a full one, and only while the bundle stays", async () => {
    const { trust } = await trusting()
    const { leaf, intermediates } = chain(1)
    const resumed = () => cause(trust.judge(presented(leaf, { resumed: true })))
    assert.equal(resumed(), "unknown-authority")
    assert.equal(cause(trust.judge(presented(leaf, { intermediates }))), "ok")
    assert.equal(resumed(), "ok")
    await trust.add(authority("Another").pem, ANYBODY)
    assert.equal(resumed(), "unknown-authority")
  })

  test("a resumed session does not get by on what it sends", async () => {
    const { trust } = await trusting()
    const { leaf, intermediates } = chain(1)
    assert.equal(cause(trust.judge(presented(leaf, { intermediates, resumed: true }))), "unknown-authority")
  })
})
