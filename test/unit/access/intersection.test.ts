import assert from "node:assert/strict"
import { test } from "node:test"
import fc from "fast-check"
import { intersection, readingOnly, sharedFilter } from "../../../service/access/intersection.ts"
import { includes, type Permission } from "../../../service/access/permission.ts"
import { covers } from "../../../service/access/topic.ts"

const level = fc.constantFrom("a", "b", "", "%u", "$x")
const filter = fc
  .tuple(fc.array(fc.oneof(level, fc.constant("+")), { minLength: 1, maxLength: 4 }), fc.boolean())
  .map(([levels, open]) => [...levels, ...(open ? ["#"] : [])].join("/"))
const name = fc.array(level, { minLength: 1, maxLength: 5 }).map((levels) => levels.join("/"))

test("what two filters share is exactly what both name", () => {
  fc.assert(
    fc.property(filter, filter, name, (a, b, topic) => {
      const shared = sharedFilter(a, b)
      assert.equal(
        shared !== null && covers(shared, topic),
        covers(a, topic) && covers(b, topic),
        `${a} ${b} ${shared}`,
      )
    }),
    { numRuns: 5000 },
  )
})

test("the order does not matter, and the same twice is the same", () => {
  fc.assert(
    fc.property(filter, filter, (a, b) => {
      assert.equal(sharedFilter(a, b), sharedFilter(b, a))
      if (!/^[+#]/.test(a) || !a.startsWith("$")) assert.equal(sharedFilter(a, a), a)
    }),
  )
})

const permission: fc.Arbitrary<Permission> = fc.record({
  context: fc.constantFrom("mqtt", "http"),
  operation: fc.constantFrom("read", "write", "readWrite"),
  resource: filter,
})

test("a part of the rights never includes what either side does not", () => {
  const rights = fc.array(permission, { maxLength: 4 })
  fc.assert(
    fc.property(rights, rights, permission, (a, b, wanted) => {
      if (!includes(intersection(a, b), wanted)) return
      assert.ok(includes(a, wanted) && includes(b, wanted))
    }),
    { numRuns: 3000 },
  )
})

test("of a right to read and write, reading is left", () => {
  const resource = "/users/#"
  const rights: Permission[] = [
    { context: "http", operation: "readWrite", resource },
    { context: "http", operation: "write", resource: "/clients" },
  ]
  assert.deepEqual(readingOnly(rights), [{ context: "http", operation: "read", resource }])
})
