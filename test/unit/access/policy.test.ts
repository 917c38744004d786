import assert from "node:assert/strict"
import { describe, test } from "node:test"
import fc from "fast-check"
import { Policy } from "../../../service/access/policy.ts"
import { covers, unshared } from "../../../service/access/topic.ts"
import { FILTERS, NAMES } from "./filters.ts"
import { heapInUse } from "./heap.ts"
import { may, mayHttp } from "./plant.ts"

const ASKED = [...FILTERS, ...NAMES]

function policyOf(filters: readonly string[]): Policy {
  const rights = filters.map((filter) => may("readWrite", filter))
  return Policy.compile(rights, "mqtt", "pump-7", "c-1", undefined)
}

describe("a compiled policy", () => {
  test("answers like covers for any set of filters, the first time and from memory", () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...FILTERS), { maxLength: 12 }), (filters) => {
        const policy = policyOf(filters)
        for (const round of ["first", "again"]) {
          for (const asked of ASKED) {
            const right = filters.some((filter) => covers(filter, asked))
            assert.equal(policy.mayRead(asked), right, `read ${asked} of ${filters.join(" ")}, ${round}`)
            assert.equal(policy.mayWrite(asked), right, `write ${asked} of ${filters.join(" ")}, ${round}`)
          }
        }
      }),
      { numRuns: 60 },
    )
  })

  test("answers like covers for each filter alone", () => {
    for (const filter of FILTERS) {
      const policy = policyOf([filter])
      for (const asked of FILTERS) assert.equal(policy.mayRead(asked), covers(filter, asked), `${filter} ${asked}`)
    }
  })

  test("answers like covers where levels bear odd names", () => {
    const level = fc.constantFrom("constructor", "__proto__", "toString", "hasOwnProperty", "+", "", " ", "é", "$a")
    const filter = fc.array(level, { minLength: 1, maxLength: 4 }).map((levels) => levels.join("/") || "x")
    fc.assert(
      fc.property(fc.array(filter, { maxLength: 6 }), filter, (filters, asked) => {
        assert.equal(
          policyOf(filters).mayRead(asked),
          filters.some((one) => covers(one, asked)),
        )
      }),
    )
  })

  test("keeps its answers when far more topics are asked than it remembers, and with very long ones", () => {
    const policy = policyOf(["a/+/x", `long/${"y".repeat(1000)}`])
    for (let round = 0; round < 2; round++) {
      for (let i = 0; i < 2500; i++) {
        assert.equal(policy.mayWrite(`a/${i}/x`), true)
        assert.equal(policy.mayWrite(`a/${i}/y`), false)
      }
      assert.equal(policy.mayWrite(`long/${"y".repeat(1000)}`), true)
      assert.equal(policy.mayWrite(`long/${"y".repeat(1001)}`), false)
    }
  })

  test("does not grow with long topics and long shared filters: a client that sends many cannot fill the memory", () => {
    const policy = policyOf(["a/#"])
    const before = heapInUse()
    for (let i = 0; i < 900; i++) {
      const long = Buffer.alloc(60_000, "x").toString("latin1")
      policy.mayWrite(`${long}/${i}`)
      policy.mayRead(`${long}/${i}`)
      policy.mayRead(unshared(`$share/${long}/hall/${i}/temperature`))
    }
    assert.ok(heapInUse() - before < 5_000_000)
    assert.equal(policy.mayWrite("a/b"), true)
  })

  test("allows nothing when it is empty", () => {
    for (const asked of ASKED) assert.equal(policyOf([]).mayWrite(asked) || policyOf([]).mayRead(asked), false)
  })

  test("needs one permission that covers a whole filter; two halves do not add up", () => {
    const policy = policyOf(["a/b", "a/c", "a/+/x", "a/+/+/x"])
    assert.equal(policy.mayRead("a/+"), false)
    assert.equal(policy.mayRead("a/#"), false)
    assert.equal(policy.mayRead("a/b/#"), false)
  })

  test("keeps reading, writing and the two contexts apart", () => {
    const rights = [may("read", "r/#"), may("write", "w/#"), may("readWrite", "rw/#"), mayHttp("readWrite", "/h/#")]
    const mqtt = Policy.compile(rights, "mqtt", "pump-7", "c-1", undefined)
    const http = Policy.compile(rights, "http", "pump-7", undefined, undefined)
    const cases: [Policy, string, read: boolean, write: boolean][] = [
      [mqtt, "r/1", true, false],
      [mqtt, "w/1", false, true],
      [mqtt, "rw/1", true, true],
      [mqtt, "/h/1", false, false],
      [http, "/h/1", true, true],
      [http, "rw/1", false, false],
    ]
    for (const [policy, topic, read, write] of cases) {
      assert.deepEqual([policy.mayRead(topic), policy.mayWrite(topic)], [read, write], topic)
    }
  })

  test("is of one user and one connection", () => {
    const rights = [may("write", "devices/%u/#"), may("write", "sessions/%c/log")]
    const policy = Policy.compile(rights, "mqtt", "pump-7", "c-1", undefined)
    assert.equal(policy.mayWrite("devices/pump-7/state"), true)
    assert.equal(policy.mayWrite("devices/pump-8/state"), false)
    assert.equal(policy.mayWrite("devices/%u/state"), false)
    assert.equal(policy.mayWrite("sessions/c-1/log"), true)
    assert.equal(policy.mayWrite("sessions/c-2/log"), false)
  })

  test("leaves out what a hostile client identifier makes void, and only that", () => {
    const rights = [may("readWrite", "sessions/%c/log"), may("write", "devices/%u/#")]
    for (const clientId of ["+", "#", "a/b", "", "$SYS", "%u", "a\0", "é", undefined]) {
      const policy = Policy.compile(rights, "mqtt", "pump-7", clientId, undefined)
      for (const level of [`${clientId}`, "x", "+", "", "%c", "undefined"]) {
        assert.equal(policy.mayWrite(`sessions/${level}/log`), false)
        assert.equal(policy.mayRead(`sessions/${level}/log`), false)
      }
      assert.equal(policy.mayWrite("devices/pump-7/state"), true)
    }
  })

  test("bears the publish prefix with its slash and judges the prefixed name", () => {
    const prefixed = Policy.compile([may("write", "plant/pump-7/#")], "mqtt", "pump-7", "c-1", "plant/pump-7")
    assert.equal(prefixed.prefix, "plant/pump-7/")
    assert.equal(prefixed.mayWrite(`${prefixed.prefix}state`), true)
    assert.equal(prefixed.mayWrite("state"), false)
    assert.equal(policyOf([]).prefix, "")
  })
})
