import assert from "node:assert/strict"
import { argon2Sync } from "node:crypto"
import { describe, test } from "node:test"
import { isPasswordHash, MAX_PASSWORD_BYTES, Passwords } from "../../../service/access/password.ts"
import { Derivations } from "./derivations.ts"
import { HASH } from "./plant.ts"

const RIGHT = Buffer.from("orange-bicycle-42")
const WRONG = Buffer.from("orange-bicycle-43")

/** With its decoy made, so that only the work of the test is counted. */
async function opened(slots: number): Promise<Passwords> {
  const passwords = new Passwords(slots)
  await passwords.verify("nobody", undefined, WRONG)
  return passwords
}

/** A hash that costs next to nothing, for tests that make many. */
function cheapHash(password: Buffer): string {
  const nonce = Buffer.alloc(16, 7)
  const tag = argon2Sync("argon2id", { message: password, nonce, memory: 64, passes: 1, parallelism: 1, tagLength: 32 })
  const b64 = (bytes: Buffer) => bytes.toString("base64").replace(/=+$/, "")
  return `$argon2id$v=19$m=64,t=1,p=1$${b64(nonce)}$${b64(tag)}`
}

describe("a password", () => {
  test("opens with itself and with nothing else", async () => {
    const passwords = await opened(2)
    const hash = await passwords.hash(RIGHT.toString())
    for (const wrong of [
      "",
      "o",
      "orange-bicycle-4",
      "orange-bicycle-42 ",
      "Orange-bicycle-42",
      "orange-bicycle-42\0",
    ]) {
      assert.equal(await passwords.verify("a", hash, Buffer.from(wrong)), false, wrong)
    }
    assert.equal(await passwords.verify("a", hash, RIGHT), true)
  })

  test("has another hash each time, in the one format", async () => {
    const passwords = await opened(2)
    const hashes = await Promise.all(["1", "1", "1"].map((same) => passwords.hash(same)))
    assert.equal(new Set(hashes).size, 3)
    for (const hash of hashes) {
      assert.match(hash, /^\$argon2id\$v=19\$m=19456,t=2,p=1\$/)
      assert.equal(isPasswordHash(hash), true)
    }
  })

  for (const [what, text] of [
    ["with NUL in it", "abc\0def\0ghi"],
    ["of 65 characters", "x".repeat(65)],
    ["in many scripts", "пароль-密码-🔑-é"],
    ["of 1024 bytes", "y".repeat(MAX_PASSWORD_BYTES)],
  ] as const) {
    test(`${what} counts to its last byte`, async () => {
      const passwords = await opened(2)
      const hash = cheapHash(Buffer.from(text))
      const bytes = Buffer.from(text)
      assert.equal(await passwords.verify("a", hash, bytes.subarray(0, -1)), false)
      assert.equal(await passwords.verify("a", hash, Buffer.concat([bytes, Buffer.from("z")])), false)
      assert.equal(await passwords.verify("a", hash, bytes), true)
    })
  }

  test("longer than 1024 bytes is refused even where its beginning is right, with no less work", async () => {
    const passwords = await opened(2)
    const start = Buffer.alloc(MAX_PASSWORD_BYTES, "y")
    const hash = cheapHash(start)
    using derivations = new Derivations()
    assert.equal(await passwords.verify("a", hash, Buffer.concat([start, Buffer.alloc(60_000, "y")])), false)
    assert.equal(derivations.started, 1)
  })
})

describe("the time of the answer", () => {
  test("tells nothing: an unknown user costs one derivation, as a wrong password does", async () => {
    const passwords = await opened(2)
    const hash = await passwords.hash(RIGHT.toString())
    for (const stored of [hash, undefined]) {
      using derivations = new Derivations()
      assert.equal(await passwords.verify("a", stored, WRONG), false)
      assert.equal(derivations.started, 1)
    }
  })

  test("of an unknown user is of the same order as of a wrong password", async () => {
    const passwords = await opened(1)
    const hash = await passwords.hash(RIGHT.toString())
    const timeOf = async (stored: string | undefined) => {
      const start = performance.now()
      await passwords.verify("a", stored, WRONG)
      return performance.now() - start
    }
    let [unknown, known] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY]
    // in turns, and the quickest of each: a busy machine makes some slower, none quicker
    for (let i = 0; i < 5; i++) {
      unknown = Math.min(unknown, await timeOf(undefined))
      known = Math.min(known, await timeOf(hash))
    }
    const ratio = unknown / known
    assert.ok(ratio > 0.3 && ratio < 3, `ratio ${ratio}`)
  })

  test("never opens for an unknown user, not even with the empty password", async () => {
    const passwords = await opened(2)
    for (const password of ["", "x", RIGHT.toString()]) {
      assert.equal(await passwords.verify("constructor", undefined, Buffer.from(password)), false)
    }
  })
})

describe("a storm of passwords", () => {
  for (const slots of [1, 2]) {
    test(`runs at most ${slots} at once, and the next storm too`, async () => {
      const passwords = await opened(slots)
      const hash = cheapHash(RIGHT)
      using derivations = new Derivations()
      for (const storm of [1, 2]) {
        const passwordOf = (i: number) => (i % 2 === 0 ? RIGHT : WRONG)
        const verified = (_: unknown, i: number) => passwords.verify(`u${storm}.${i}`, hash, passwordOf(i))
        const answers = await Promise.all(Array.from({ length: 30 }, verified))
        assert.ok(answers.every((answer, i) => answer === (i % 2 === 0)))
        assert.deepEqual([derivations.started, derivations.most], [30 * storm, slots])
      }
    })
  }

  test("past 1,000 waiting is refused as busy at once, and all that waited are answered", async () => {
    const passwords = await opened(1)
    const hash = cheapHash(RIGHT)
    const results = await Promise.allSettled(
      Array.from({ length: 1050 }, (_, i) => passwords.verify(`u${i}`, hash, WRONG)),
    )
    const busy = results.filter((result) => result.status === "rejected")
    assert.equal(busy.length, 1050 - 1 - 1000)
    for (const { reason } of busy) assert.equal(reason.code, "busy")
    assert.equal(await passwords.verify("a", hash, RIGHT), true)
  })

  test("gives every slot back, also when a derivation fails", async () => {
    const passwords = await opened(1)
    const impossible = HASH.replace("t=1", "t=0")
    for (let i = 0; i < 5; i++) await assert.rejects(passwords.verify("a", impossible, RIGHT))
    assert.equal(await passwords.verify("a", cheapHash(RIGHT), RIGHT), true)
  })
})

describe("a verified credential", () => {
  test("is remembered: the next time costs no derivation and no waiting", async () => {
    const passwords = await opened(1)
    const hash = cheapHash(RIGHT)
    assert.equal(passwords.remembers("a", hash, RIGHT), false)
    await passwords.verify("a", hash, RIGHT)
    using derivations = new Derivations()
    assert.equal(passwords.remembers("a", hash, RIGHT), true)
    assert.equal(await passwords.verify("a", hash, RIGHT), true)
    assert.equal(derivations.started, 0)
  })

  test("is remembered for this name, this hash and this password only, and not past forget", async () => {
    const passwords = await opened(1)
    const hash = cheapHash(RIGHT)
    await passwords.verify("a", hash, RIGHT)
    assert.equal(passwords.remembers("a", hash, WRONG), false)
    assert.equal(passwords.remembers("b", hash, RIGHT), false)
    assert.equal(passwords.remembers("a", HASH, RIGHT), false)
    assert.equal(passwords.remembers("a", hash, Buffer.alloc(0)), false)
    passwords.forget("a")
    assert.equal(passwords.remembers("a", hash, RIGHT), false)
  })

  test("is not what a wrong one leaves behind", async () => {
    const passwords = await opened(1)
    await passwords.verify("a", cheapHash(RIGHT), WRONG)
    await passwords.verify("b", undefined, WRONG)
    assert.equal(passwords.remembers("a", cheapHash(RIGHT), WRONG), false)
    assert.equal(passwords.remembers("b", "", WRONG), false)
  })

  test("cannot be moved between hash and password: the two are told apart", async () => {
    const passwords = await opened(1)
    const hash = cheapHash(RIGHT)
    await passwords.verify("a", hash, RIGHT)
    assert.equal(passwords.remembers("a", `${hash}orange-`, RIGHT.subarray(7)), false)
  })
})

describe("a stored hash", () => {
  const salt = "A".repeat(22)
  const tag = "B".repeat(43)
  const good = [
    HASH,
    HASH.replace("8192", "65536"),
    HASH.replace("t=1", "t=10"),
    `$argon2id$v=19$m=19456,t=2,p=1$${salt}$${tag}`,
  ]
  for (const hash of good) test(`may be ${hash.slice(0, 32)}…`, () => assert.equal(isPasswordHash(hash), true))

  const hostile = [
    "",
    "$argon2id$",
    HASH.replace("argon2id", "argon2i"),
    HASH.replace("argon2id", "argon2d"),
    HASH.replace("v=19", "v=16"),
    HASH.replace("8192", "8191"),
    HASH.replace("8192", "65537"),
    HASH.replace("8192", "9999999"),
    HASH.replace("8192", "99999999999999999999"),
    HASH.replace("8192", "-8192"),
    HASH.replace("8192", "0x2000"),
    HASH.replace("t=1", "t=0"),
    HASH.replace("t=1", "t=11"),
    HASH.replace("p=1", "p=0"),
    HASH.replace("p=1", "p=2"),
    HASH.replace("p=1", "p=1,keyid=x"),
    HASH.replace(salt, "A"),
    HASH.replace(salt, "A".repeat(87)),
    HASH.replace(tag, ""),
    HASH.replace(tag, "B".repeat(21)),
    HASH.replace(tag, "-".repeat(43)),
    ` ${HASH}`,
    `${HASH}\n`,
    `${HASH}=`,
    `${HASH}\0`,
    `$2b$12$${"a".repeat(53)}`,
  ]
  for (const hash of hostile) {
    test(`may not be ${JSON.stringify(hash.slice(0, 60))}`, () => assert.equal(isPasswordHash(hash), false))
  }

  test("that is damaged refuses its user in a way that can be told from a wrong password", async () => {
    const passwords = await opened(1)
    await assert.rejects(passwords.verify("a", "$argon2id$damaged", RIGHT), { code: "document-damaged" })
  })
})
