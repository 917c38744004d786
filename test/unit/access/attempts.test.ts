import assert from "node:assert/strict"
import { describe, test } from "node:test"
import { Attempts } from "../../../service/access/attempts.ts"
import { FakeClock } from "../../support/fake-clock.ts"
import { heapInUse } from "./heap.ts"

const MINUTE = 60_000

function opened() {
  const clock = new FakeClock()
  const attempts = new Attempts(clock)
  const fail = (times: number, address = "10.0.0.1", name = "pump-7") => {
    for (let i = 0; i < times; i++) attempts.failed(address, name)
  }
  return { clock, attempts, fail, wait: (address = "10.0.0.1", name = "pump-7") => attempts.wait(address, name) }
}

describe("wrong credentials", () => {
  test("cost nothing the first four times, then a wait that doubles up to a minute", () => {
    const { fail, wait } = opened()
    const waits: number[] = []
    for (let i = 0; i < 13; i++) {
      waits.push(wait())
      fail(1)
    }
    assert.deepEqual(waits, [0, 0, 0, 0, 0, 1, 2, 4, 8, 16, 32, 60, 60])
  })

  test("never wait longer than a minute, however many", () => {
    const { fail, wait } = opened()
    fail(5000)
    assert.equal(wait(), 60)
  })

  test("let the next try through when the wait is over, not a millisecond before", () => {
    const { clock, fail, wait } = opened()
    fail(7)
    clock.advance(3999)
    assert.equal(wait(), 1)
    clock.advance(1)
    assert.equal(wait(), 0)
  })

  test("never lock a name out from another address", () => {
    const { attempts, fail, wait } = opened()
    for (let i = 0; i < 300; i++) fail(20, `10.1.${i >> 8}.${i & 255}`)
    assert.equal(wait("10.0.0.2"), 0)
    assert.equal(attempts.wait("10.1.0.1", "pump-7") > 0, true)
  })

  test("for one name do not lock out the others at its address: an old password in one device is its own trouble", () => {
    const { clock, fail, wait } = opened()
    for (let i = 0; i < 1000; i++) {
      clock.advance(MINUTE)
      fail(1)
    }
    assert.equal(wait(), 60)
    assert.equal(wait("10.0.0.1", "pump-8"), 0)
  })

  test("for many names from one address slow the address down for every name", () => {
    const { fail, wait } = opened()
    for (let i = 0; i < 60; i++) fail(1, "10.0.0.1", `guess-${i}`)
    assert.ok(wait("10.0.0.1", "never-tried") > 0)
    assert.equal(wait("10.0.0.2", "never-tried"), 0)
  })

  test("for names that no user can have count as one, so that inventing names wins nothing", () => {
    const { fail, wait } = opened()
    for (const name of ["a/b", "", "#", "é", "x".repeat(65_535), "a\0b"]) fail(1, "10.0.0.1", name)
    assert.ok(wait("10.0.0.1", "+++") > 0)
    assert.equal(wait("10.0.0.1", "pump-7"), 0)
  })

  test("cannot be charged to another pair by a name that holds the separator", () => {
    const { fail, wait } = opened()
    fail(20, "10.0.0.1", "x\0pump-7")
    assert.equal(wait(), 0)
  })

  test("are forgotten after ten quiet minutes, and not before", () => {
    const { clock, fail, wait } = opened()
    fail(9)
    clock.advance(10 * MINUTE - 1)
    fail(1)
    assert.equal(wait(), 32)
    clock.advance(10 * MINUTE)
    fail(1)
    assert.equal(wait(), 0)
  })

  test("are forgiven by a right one, for this name only", () => {
    const { attempts, fail, wait } = opened()
    fail(9)
    fail(9, "10.0.0.1", "pump-8")
    attempts.succeeded("10.0.0.1", "pump-7")
    assert.equal(wait(), 0)
    assert.ok(wait("10.0.0.1", "pump-8") > 0)
  })

  test("wait neither longer nor shorter when someone sets the clock", () => {
    for (const jump of [-365 * 24 * 60 * MINUTE, 365 * 24 * 60 * MINUTE]) {
      const { clock, fail, wait } = opened()
      fail(9)
      clock.jump(jump)
      assert.equal(wait(), 16)
      fail(1)
      assert.equal(wait(), 32)
      clock.advance(32_000)
      assert.equal(wait(), 0)
    }
  })

  test("of 100,000 names and addresses do not fill the memory, and the newest are still known", () => {
    const { fail, wait } = opened()
    fail(20)
    const before = heapInUse()
    for (let i = 0; i < 100_000; i++) fail(1, `10.${i >> 16}.${(i >> 8) & 255}.${i & 255}`, `${i}`.padEnd(64, "x"))
    fail(5, "10.9.9.9")
    assert.ok(heapInUse() - before < 10_000_000)
    assert.ok(wait("10.9.9.9") > 0)
    assert.equal(wait("10.0.0.1"), 0)
  })

  test("with names of 64 kilobytes do not fill the memory either", () => {
    const { fail } = opened()
    const before = heapInUse()
    for (let i = 0; i < 1000; i++) fail(1, `10.0.${i >> 8}.${i & 255}`, Buffer.alloc(60_000, `${i}`).toString("latin1"))
    assert.ok(heapInUse() - before < 10_000_000)
  })
})

describe("an attempt", () => {
  /** A check that ends when the test says so. */
  function held() {
    const { promise, resolve, reject } = Promise.withResolvers<boolean>()
    return { check: () => promise, resolve, reject }
  }

  test("answers as its check does and counts the outcome", async () => {
    const { attempts, wait } = opened()
    for (let i = 0; i < 5; i++) assert.equal(await attempts.attempt("10.0.0.1", "pump-7", async () => false), false)
    assert.equal(wait(), 1)
    assert.equal(await attempts.attempt("10.0.0.1", "pump-7", () => assert.fail("was checked")), 1)
  })

  test("that is right forgives the wrong ones before it", async () => {
    const { attempts, fail, wait } = opened()
    fail(4)
    assert.equal(await attempts.attempt("10.0.0.1", "pump-7", async () => true), true)
    fail(4)
    assert.equal(wait(), 0)
  })

  test("in a burst is checked no oftener than one after the other", async () => {
    const { attempts, wait } = opened()
    let checked = 0
    const burst = Array.from({ length: 200 }, () =>
      attempts.attempt("10.0.0.1", "pump-7", async () => {
        checked++
        return false
      }),
    )
    const answers = await Promise.all(burst)
    assert.equal(checked, 5)
    assert.equal(answers.filter((answer) => answer === 1).length, 195)
    assert.ok(wait() > 0)
  })

  test("in a burst over many names has room for a whole plant behind one router, and others get their turn", async () => {
    const { attempts } = opened()
    const one = held()
    const burst = Array.from({ length: 600 }, (_, i) => attempts.attempt("10.0.0.1", `guess-${i}`, one.check))
    assert.equal(await attempts.attempt("10.0.0.1", "pump-7", () => assert.fail("was checked")), 1)
    assert.equal(await attempts.attempt("10.0.0.2", "pump-7", async () => true), true)
    one.resolve(false)
    const answers = await Promise.all(burst)
    assert.equal(answers.filter((answer) => answer === false).length, 500)
    assert.ok(attempts.wait("10.0.0.1", "pump-7") > 0)
  })

  test("in a burst over many names is checked no oftener than the address has free once one was wrong", async () => {
    const { attempts, fail } = opened()
    fail(1, "10.0.0.1", "typing-error")
    const one = held()
    const burst = Array.from({ length: 200 }, (_, i) => attempts.attempt("10.0.0.1", `guess-${i}`, one.check))
    one.resolve(false)
    assert.equal((await Promise.all(burst)).filter((answer) => answer === false).length, 49)
  })

  test("has all its room again once the wrong ones are forgotten", async () => {
    const { attempts, clock, fail } = opened()
    for (let i = 0; i < 60; i++) fail(1, "10.0.0.1", `guess-${i}`)
    clock.advance(10 * MINUTE)
    const one = held()
    const storm = Array.from({ length: 50 }, (_, i) => attempts.attempt("10.0.0.1", `dev-${i}`, one.check))
    one.resolve(true)
    assert.ok((await Promise.all(storm)).every((answer) => answer === true))
  })

  test("in a burst after the wait is checked once", async () => {
    const { attempts, clock, fail } = opened()
    fail(20)
    clock.advance(MINUTE)
    const first = held()
    const answer = attempts.attempt("10.0.0.1", "pump-7", first.check)
    assert.equal(await attempts.attempt("10.0.0.1", "pump-7", () => assert.fail("was checked")), 1)
    assert.equal(await attempts.attempt("10.0.0.2", "pump-7", async () => true), true)
    first.resolve(true)
    assert.equal(await answer, true)
  })

  test("whose check fails for another reason counts as neither and holds no place", async () => {
    const { attempts, wait } = opened()
    for (let i = 0; i < 20; i++) {
      const one = held()
      const answer = attempts.attempt("10.0.0.1", "pump-7", one.check)
      one.reject(new Error("busy"))
      await assert.rejects(answer, { message: "busy" })
    }
    assert.equal(wait(), 0)
    assert.equal(await attempts.attempt("10.0.0.1", "pump-7", async () => true), true)
  })
})
