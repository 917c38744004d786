import assert from "node:assert/strict"
import { describe, test } from "node:test"
import {
  type GrantInput,
  grantInput,
  newUser,
  type UserChange,
  userChange,
} from "../../../service/access/user-input.ts"
import {
  boss,
  certificate,
  HASH,
  may,
  mayHttp,
  OUTSIDE,
  openPlant,
  openUnclaimed,
  outsideCertificate,
  persons,
  pump,
  userOf,
} from "./plant.ts"

const SECRET = "orange-bicycle-42"
const device = (password: string): GrantInput => ({ kind: "password", password })

describe("a grant as a person writes it", () => {
  const bad: [string, unknown][] = [
    ["both a password and a hash", { kind: "password", password: SECRET, passwordHash: HASH }],
    ["neither a password nor a hash", { kind: "password" }],
    ["a password for a certificate", { ...certificate, password: SECRET }],
    ["a hash under its stored name", { kind: "password", hash: HASH }],
    ["the mark that it is a person's", { kind: "password", password: SECRET, forPeople: true }],
    ["an empty password", { kind: "password", password: "" }],
    ["a password without end", { kind: "password", password: "x".repeat(257) }],
    ["a hash of too little cost", { kind: "password", passwordHash: HASH.replace("8192", "8191") }],
    ["a bcrypt hash", { kind: "password", passwordHash: `$2b$12$${"a".repeat(53)}` }],
    ["no kind", { password: SECRET }],
  ]
  for (const [what, grant] of bad) {
    test(`cannot have ${what}`, () => assert.equal(grantInput.safeParse(grant).success, false))
  }

  test("names our own authority when it names none", () => {
    assert.deepEqual(grantInput.parse({ kind: "certificate" }), certificate)
  })

  test("comes with fields that are all known", () => {
    const user = { username: "a", grant: certificate }
    assert.equal(newUser.safeParse({ ...user, admin: true }).success, false)
    assert.equal(newUser.safeParse({ ...user, claimed: true }).success, false)
    assert.equal(userChange.safeParse({ username: "b" }).success, false)
    assert.equal(userChange.safeParse(JSON.parse('{"__proto__":{"enabled":true}}')).success, false)
  })
})

describe("changing the grant", () => {
  test("removes the old credential in the same write", async () => {
    const { accounts, actor, document } = openPlant()
    await accounts.change(actor("boss"), "pump-7", { grant: { ...certificate, publicKey: "0f".repeat(32) } })
    assert.equal(document.writes, 1)
    assert.equal(JSON.stringify(document.value.users[2]).includes("argon2"), false)
    await accounts.change(actor("boss"), "pump-7", { grant: device(SECRET) })
    assert.equal(document.writes, 2)
    assert.deepEqual(Object.keys(document.value.users[2]!.grant), ["kind", "hash", "forPeople"])
  })

  test("forgets the remembered password; a change of anything else does not", async () => {
    const { accounts, actor, directory, passwords } = openPlant()
    const hashOf = () => {
      const grant = directory.users.get("pump-7")!.grant
      return grant.kind === "password" ? grant.hash : ""
    }
    const password = Buffer.from(SECRET)
    await accounts.change(actor("boss"), "pump-7", { grant: device(SECRET) })
    const hash = hashOf()
    assert.equal(await passwords.verify("pump-7", hash, password), true)
    await accounts.change(actor("boss"), "pump-7", { note: "x" })
    assert.equal(passwords.remembers("pump-7", hash, password), true)
    await accounts.change(actor("boss"), "pump-7", { grant: device("another-password") })
    assert.equal(passwords.remembers("pump-7", hash, password), false)
    assert.equal(passwords.remembers("pump-7", hashOf(), password), false)
    assert.equal(await passwords.verify("pump-7", hashOf(), password), false)
  })

  test("takes optional fields away with null and keeps what is absent", async () => {
    const whole = userOf("a", { roles: ["device"], publishPrefix: "p", note: "n", permissions: [may("read", "x")] })
    const { accounts, actor } = openPlant([boss, whole])
    assert.deepEqual(await accounts.change(actor("boss"), "a", {}), whole)
    const { note: _, publishPrefix: __, ...rest } = whole
    assert.deepEqual(await accounts.change(actor("boss"), "a", { note: null, publishPrefix: null }), rest)
  })
})

describe("a password in clear", () => {
  const cases: [string, UserChange, accepted: boolean][] = [
    ["of 8 characters for a device", { grant: device("x7-z9_q!") }, true],
    ["of 7 characters for a device", { grant: device("x7-z9_q") }, false],
    ["of 11 characters with HTTP rights", { grant: device("x7-z9_q!abc"), roles: ["viewer"] }, false],
    ["of 12 characters with HTTP rights", { grant: device("x7-z9_q!abcd"), roles: ["viewer"] }, true],
    ["that is common, with HTTP rights", { grant: device("password1234"), permissions: [mayHttp("read", "/")] }, false],
    ["that is common, for a device", { grant: device("password1234") }, true],
    ["with a NUL", { grant: device("x7-z9_q!\0abcd") }, false],
  ]
  for (const [what, change, accepted] of cases) {
    test(`${what} is ${accepted ? "taken" : "refused, and not repeated"}`, async () => {
      const { accounts, actor, document } = openPlant()
      const changed = accounts.change(actor("boss"), "pump-7", change)
      if (accepted) return void (await changed)
      const secret = change.grant && "password" in change.grant ? change.grant.password : ""
      await assert.rejects(changed, (error: Error & { code?: string }) => {
        assert.equal(error.code, "bad-request")
        assert.equal(error.message.includes(secret), false)
        return true
      })
      assert.equal(document.writes, 0)
    })
  }

  test("of a device does not reach the page, neither by roles nor by own permissions nor through a role's change", async () => {
    const { accounts, actor } = openPlant([boss, pump], [{ name: "line", permissions: [] }])
    const admin = actor("boss")
    await assert.rejects(accounts.change(admin, "pump-7", { roles: ["viewer"] }), { code: "conflict" })
    await assert.rejects(accounts.change(admin, "pump-7", { permissions: [mayHttp("read", "/")] }), {
      code: "conflict",
    })
    await accounts.change(admin, "pump-7", { roles: ["line"] })
    const opened = { name: "line", permissions: [mayHttp("read", "/")] }
    await assert.rejects(accounts.setRole(admin, opened), { code: "conflict", message: /device's password/ })
  })

  test("judged as a device's does not reach the page when its role gets HTTP rights while it is hashed", async () => {
    const { accounts, actor } = openPlant([boss], [{ name: "line", permissions: [] }])
    const input = newUser.parse({ username: "a", grant: device("x7-z9_q!"), roles: ["line"] })
    const created = accounts.create(actor("boss"), input)
    await accounts.setRole(actor("boss"), { name: "line", permissions: [mayHttp("read", "/")] })
    await assert.rejects(created, { code: "conflict" })
  })
})

describe("a hash made elsewhere", () => {
  test("is taken as it is, and opens to the password it was made of", async () => {
    const { accounts, actor, passwords } = openPlant([boss])
    const passwordHash = await passwords.hash(SECRET)
    const input = newUser.parse({ username: "a", grant: { kind: "password", passwordHash }, roles: ["device"] })
    const { grant } = await accounts.create(actor("boss"), input)
    assert.deepEqual(grant, { kind: "password", hash: passwordHash, forPeople: false })
    assert.equal(await passwords.verify("a", passwordHash, Buffer.from(SECRET)), true)
  })

  test("of a device stays a device's: HTTP rights given later are refused", async () => {
    const { accounts, actor } = openPlant([boss])
    const input = newUser.parse({ username: "a", grant: { kind: "password", passwordHash: HASH } })
    await accounts.create(actor("boss"), input)
    await assert.rejects(accounts.change(actor("boss"), "a", { roles: ["viewer"] }), { code: "conflict" })
  })
})

describe("a certificate of an outside authority", () => {
  test("must be of one that is trusted", async () => {
    const { accounts, actor } = openPlant()
    for (const issuer of ["nobody", "constructor", "toString"]) {
      const grant = { kind: "certificate", issuer } as const
      await assert.rejects(accounts.change(actor("boss"), "pump-7", { grant }), { code: "bad-request" })
    }
    const changed = await accounts.change(actor("boss"), "pump-7", { grant: { kind: "certificate", issuer: OUTSIDE } })
    assert.deepEqual(changed.grant, outsideCertificate)
  })

  test("never reaches a user with HTTP rights, whichever of the two comes first, nor through a role", async () => {
    const sensor = userOf("sensor", { grant: outsideCertificate, roles: ["line"] })
    const viewer = userOf("viewer", { grant: persons, roles: ["viewer"] })
    const { accounts, actor, directory } = openPlant([boss, sensor, viewer], [{ name: "line", permissions: [] }])
    const admin = actor("boss")
    const refused = { code: "conflict", message: /outside authority/ }
    await assert.rejects(accounts.change(admin, "sensor", { roles: ["viewer"] }), refused)
    await assert.rejects(accounts.change(admin, "sensor", { permissions: [mayHttp("read", "/")] }), refused)
    await assert.rejects(accounts.change(admin, "viewer", { grant: outsideCertificate }), refused)
    await assert.rejects(accounts.setRole(admin, { name: "line", permissions: [mayHttp("read", "/")] }), refused)
    assert.equal(directory.users.get("sensor"), sensor)
  })
})

test("a claim holds a person's password to the rule for people", async () => {
  const { accounts, directory } = openUnclaimed()
  await assert.rejects(accounts.claim("boss", "short"), { code: "bad-request" })
  await assert.rejects(accounts.claim("boss", "password1234"), { code: "bad-request" })
  assert.equal(directory.claimed, false)
  const made = await accounts.claim("boss", SECRET)
  assert.deepEqual([directory.claimed, directory.isAdministrator(made)], [true, true])
})
