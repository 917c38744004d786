import assert from "node:assert/strict"
import { type TestContext, test } from "node:test"
import { Batch } from "../../../service/store/batch.ts"

type Changes = Record<string, number>

/** A batch whose clock the test turns; `fail` makes the next writes reject, `hold` makes them wait. */
function batchOf(t: TestContext) {
  t.mock.timers.enable({ apis: ["setTimeout"] })
  const written: Changes[] = []
  const failures: unknown[] = []
  const state = { fail: false, hold: Promise.resolve() }
  const batch = new Batch<string, number>({
    interval: 1000,
    onFailure: (error) => failures.push(error),
    write: async (changes) => {
      await state.hold
      if (state.fail) throw new Error("disk")
      written.push(Object.fromEntries(changes))
    },
  })
  const tick = async (milliseconds: number) => {
    t.mock.timers.tick(milliseconds)
    await new Promise(setImmediate)
  }
  return { batch, written, failures, state, tick }
}

test("changes are written together once the interval has passed, the latest value of each key", async (t) => {
  const { batch, written, tick } = batchOf(t)
  batch.set("a", 1)
  await tick(600)
  batch.set("b", 2)
  batch.set("a", 3)
  await tick(399)
  assert.deepEqual(written, [])
  await tick(1)
  assert.deepEqual(written, [{ a: 3, b: 2 }])
  await tick(5000)
  assert.equal(written.length, 1, "nothing to write, nothing written")
  batch.set("a", 4)
  await tick(1000)
  assert.deepEqual(written[1], { a: 4 })
})

test("a failed turn is told and tried again, and newer values win", async (t) => {
  const { batch, written, failures, state, tick } = batchOf(t)
  state.fail = true
  batch.set("a", 1)
  batch.set("b", 1)
  await tick(1000)
  assert.equal(failures.length, 1)
  state.fail = false
  batch.set("a", 2)
  await tick(1000)
  assert.deepEqual(written, [{ a: 2, b: 1 }])
})

test("changes during a write go to the next turn, and newer ones survive its failure", async (t) => {
  const { batch, written, state, tick } = batchOf(t)
  const { promise, resolve } = Promise.withResolvers<void>()
  state.hold = promise
  state.fail = true
  batch.set("a", 1)
  await tick(1000)
  batch.set("a", 2)
  await tick(5000)
  resolve()
  await tick(0)
  state.fail = false
  await tick(1000)
  assert.deepEqual(written, [{ a: 2 }])
})

test("a flush waits for the write under way", async (t) => {
  const { batch, written, state } = batchOf(t)
  const { promise, resolve } = Promise.withResolvers<void>()
  state.hold = promise
  batch.set("a", 1)
  const flushes = [batch.flush(), batch.flush(), batch.flush()]
  setImmediate(resolve)
  await Promise.all(flushes.map((flush) => flush.then(() => assert.deepEqual(written, [{ a: 1 }]))))
})

test("disposing writes what is left, and says so when it cannot", async (t) => {
  const { batch, written, state, tick } = batchOf(t)
  batch.set("a", 1)
  state.fail = true
  await assert.rejects(batch[Symbol.asyncDispose](), /disk/)
  state.fail = false
  await batch[Symbol.asyncDispose]()
  assert.deepEqual(written, [{ a: 1 }])
  batch.set("b", 1)
  await tick(5000)
  assert.equal(written.length, 1, "no timer after the end")
})
