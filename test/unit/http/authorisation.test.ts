import assert from "node:assert/strict"
import { test } from "node:test"
import fc from "fast-check"
import type { Permission } from "../../../service/access/permission.ts"
import { ok } from "../../../service/http/answer.ts"
import { authorise, resourceOf } from "../../../service/http/authorisation.ts"
import { route } from "../../../service/http/route.ts"

const TEMPLATE = "/api/v1/users/:username/certificates"

test("a resource is the route's path below the API, with its parameters decoded", () => {
  assert.equal(resourceOf("/api/v1/status", {}), "/status")
  assert.equal(resourceOf(TEMPLATE, { username: "a.b:c@d-e" }), "/users/a.b:c@d-e/certificates")
  assert.equal(resourceOf("/healthz", {}), "/healthz")
})

test("a parameter stays one level and no wildcard, whatever it holds", () => {
  const hostile = fc.oneof(
    fc.constantFrom("/", "+", "#", "%", "..", ".", "a/b", "%2F", "+/#", "%u", "%c", "\0", "$SYS", "//", "é/ü"),
    fc.array(fc.integer({ min: 0, max: 0xffff }), { minLength: 1 }).map((codes) => String.fromCharCode(...codes)),
  )
  fc.assert(
    fc.property(hostile, (username) => {
      const levels = resourceOf(TEMPLATE, { username }).split("/")
      assert.equal(levels.length, 4)
      assert.ok(!/[+#\0]/.test(levels[2] ?? ""))
    }),
  )
})

test("two different parameters are two different resources", () => {
  const pair = fc.tuple(fc.string({ minLength: 1 }), fc.string({ minLength: 1 })).filter(([a, b]) => a !== b)
  const of = (username: string) => resourceOf(TEMPLATE, { username })
  fc.assert(fc.property(pair, ([a, b]) => assert.notEqual(of(a), of(b))))
  assert.notEqual(of("a/b"), of("a%2Fb"))
})

test("only a wildcard covers a parameter that is no plain level", () => {
  const line = route({ method: "GET", path: "/api/v1/clients/:clientId", access: "read", answer: () => ok({}) })
  const may = (clientId: string, resource: string): boolean => {
    const permission: Permission = { context: "http", operation: "read", resource }
    try {
      authorise(line, { clientId }, { pass: undefined, actor: { name: "eve", rights: [permission] } })
      return true
    } catch {
      return false
    }
  }
  for (const id of ["a/b", "a", "+", "#", "%u", "../status", "eve"]) {
    assert.ok(may(id, "/clients/+") && may(id, "/clients/#") && may(id, "/#"))
    assert.ok(!may(id, "/status") && !may(id, "/clients") && !may(id, "/clients/+/+") && !may(id, "/clients/a/b"))
    assert.equal(may(id, "/clients/a"), id === "a")
    assert.equal(may(id, "/clients/%u"), id === "eve")
    assert.ok(!may(id, "/clients/%c") && !may(id, "clients/+"))
  }
})

test("MQTT rights open nothing here, and a right to write is none to read", () => {
  const line = route({ method: "GET", path: "/api/v1/status", access: "read", answer: () => ok({}) })
  for (const right of [
    { context: "mqtt", operation: "readWrite", resource: "#" },
    { context: "mqtt", operation: "read", resource: "/status" },
    { context: "http", operation: "write", resource: "/#" },
  ] as const) {
    assert.throws(() => authorise(line, {}, { pass: undefined, actor: { name: "eve", rights: [right] } }), {
      code: "forbidden",
    })
  }
})
