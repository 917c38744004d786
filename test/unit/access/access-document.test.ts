import assert from "node:assert/strict"
import { describe, test } from "node:test"
import {
  type AccessDocument,
  accessDocument,
  assertSound,
  documentOf,
  draftOf,
  emptyAccess,
  isAdministrator,
  rightsOf,
  rolesOf,
} from "../../../service/access/access-document.ts"
import { BUILT_IN_ROLES } from "../../../service/access/role.ts"
import type { User } from "../../../service/access/user.ts"
import { boss, certificate, devices, may, mayHttp, outsideCertificate, persons, pump, tina, userOf } from "./plant.ts"

const inService: AccessDocument = { ...emptyAccess(), claimed: true, users: [boss, tina, pump] }

describe("the access document", () => {
  test("passes through JSON and its schema unchanged", () => {
    const role = { name: "line", permissions: [may("read", "line/#")] }
    const whole = { ...inService, roles: [role] }
    assert.deepEqual(accessDocument.parse(JSON.parse(JSON.stringify(whole))), whole)
    assert.deepEqual(accessDocument.parse(emptyAccess()), emptyAccess())
  })

  const bad: [string, unknown][] = [
    ["another format", { ...inService, format: "gatehouse-issue-log" }],
    ["a version of the future", { ...inService, version: 2 }],
    ["no word about the claim", { ...inService, claimed: undefined }],
    ["an unknown key", { ...inService, backdoor: true }],
    ["users by name instead of a list", { ...inService, users: { boss } }],
    ["one bad user", { ...inService, users: [boss, { ...pump, username: "a/b" }] }],
    ["one user twice", { ...inService, users: [boss, pump, { ...pump, enabled: false }] }],
    ["one role twice", { ...inService, roles: [1, 2].map(() => ({ name: "line", permissions: [] })) }],
  ]
  for (const [what, document] of bad) {
    test(`is refused with ${what}`, () => assert.equal(accessDocument.safeParse(document).success, false))
  }

  test("survives a draft in which nothing was changed", () => {
    assert.deepEqual(documentOf(draftOf(inService)), inService)
  })

  test("keeps the built-in roles out of the file, and the file out of the built-in roles", () => {
    const forged = { ...inService, roles: [{ name: "viewer", permissions: [mayHttp("readWrite", "/#")] }] }
    assert.deepEqual([...rolesOf(forged).values()], BUILT_IN_ROLES)
    assert.deepEqual(documentOf(draftOf(forged)).roles, [])
  })
})

describe("a user's rights", () => {
  test("are the union of its roles' and its own", () => {
    const user = userOf("a", { roles: ["device", "viewer"], permissions: [may("read", "x")] })
    assert.deepEqual(rightsOf(user, rolesOf(inService)), [
      may("readWrite", "devices/%u/#"),
      mayHttp("read", "/#"),
      may("read", "x"),
    ])
  })

  test("hold nothing for a role that does not exist, nor for a property of every object", () => {
    const user = userOf("a", { roles: ["gone", "constructor", "toString"] })
    assert.deepEqual(rightsOf(user, rolesOf(inService)), [])
  })

  test("are an administrator's only with every HTTP right", () => {
    const admin = BUILT_IN_ROLES.find((role) => role.name === "admin")!.permissions
    const technician = BUILT_IN_ROLES.find((role) => role.name === "technician")!.permissions
    assert.equal(isAdministrator(admin), true)
    assert.equal(isAdministrator([mayHttp("read", "/#"), mayHttp("write", "/#")]), true)
    for (const rights of [
      technician,
      [],
      [may("readWrite", "#")],
      [mayHttp("read", "/#")],
      [mayHttp("write", "/+/#")],
    ]) {
      assert.equal(isAdministrator(rights), false)
    }
  })
})

describe("a sound document", () => {
  const http = [mayHttp("read", "/status")]
  const sound: [string, User[]][] = [
    ["an administrator alone", [boss]],
    ["a person with HTTP rights of its own", [boss, userOf("a", { grant: persons, permissions: http })]],
    ["a certificate of our own with HTTP rights", [boss, userOf("a", { grant: certificate, roles: ["viewer"] })]],
    [
      "a certificate from outside without HTTP rights",
      [boss, userOf("a", { grant: outsideCertificate, roles: ["device"] })],
    ],
    ["a person's password that lost its HTTP rights", [boss, userOf("a", { grant: persons })]],
  ]
  for (const [what, users] of sound) {
    test(`may hold ${what}`, () => assertSound(draftOf({ ...inService, users })))
  }

  const unsound: [string, User[]][] = [
    ["nobody", []],
    ["no administrator", [tina]],
    ["only a disabled administrator", [{ ...boss, enabled: false }]],
    ["only an administrator with a certificate", [{ ...boss, grant: certificate }]],
    ["a role that does not exist", [boss, userOf("a", { roles: ["gone"] })]],
    ["a role that every object has as a property", [boss, userOf("a", { roles: ["constructor"] })]],
    [
      "a certificate from outside with a web role",
      [boss, userOf("a", { grant: outsideCertificate, roles: ["viewer"] })],
    ],
    [
      "a certificate from outside with an HTTP right",
      [boss, userOf("a", { grant: outsideCertificate, permissions: http })],
    ],
    ["a device's password with a web role", [boss, userOf("a", { grant: devices, roles: ["device", "viewer"] })]],
    ["a device's password with an HTTP right", [boss, userOf("a", { grant: devices, permissions: http })]],
    ["a disabled device with a web role", [boss, userOf("a", { grant: devices, roles: ["viewer"], enabled: false })]],
  ]
  for (const [what, users] of unsound) {
    test(`cannot hold ${what}`, () => {
      assert.throws(() => assertSound(draftOf({ ...inService, users })), { code: "conflict" })
    })
  }

  test("needs no administrator before the claim", () => {
    assertSound(draftOf(emptyAccess()))
  })
})
