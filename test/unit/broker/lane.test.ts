import assert from "node:assert/strict"
import { describe, it } from "node:test"
import { setImmediate as nextTurn } from "node:timers/promises"
import { Counters } from "../../../service/broker/counters.ts"
import { Handshakes } from "../../../service/broker/listen/handshakes.ts"
import { Lane } from "../../../service/broker/listen/lane.ts"

/** Longer than a portion of a turn, milliseconds. */
const LONG_MS = 3

function busy(milliseconds: number): void {
  const end = performance.now() + milliseconds
  while (performance.now() < end);
}

describe("the lane of newcomers", () => {
  it("nobody has to wait where nobody is", async () => {
    const lane = new Lane()
    const done: string[] = []
    lane.enter("a", () => done.push("a"))
    assert.deepEqual(done, [], "not in the middle of what its caller does")
    await nextTurn()
    assert.deepEqual(done, ["a"])
  })

  it("addresses take turns, however many come from one of them", async () => {
    const lane = new Lane()
    const done: string[] = []
    for (const name of ["a1", "a2", "a3", "b1", "c1", "b2"]) lane.enter(name.slice(0, 1), () => done.push(name))
    while (done.length < 6) await nextTurn()
    assert.deepEqual(done, ["a1", "b1", "c1", "a2", "b2", "a3"])
  })

  it("a turn of the loop holds one portion of it: the rest comes in later ones, what enters meanwhile too", async () => {
    const lane = new Lane()
    const turns: number[] = []
    let turn = 0
    const work = () => {
      busy(LONG_MS)
      turns.push(turn)
    }
    lane.enter("a", () => {
      work()
      lane.enter("a", work)
    })
    lane.enter("b", work)
    while (turns.length < 3) {
      await nextTurn()
      turn++
    }
    assert.equal(new Set(turns).size, 3, `the turns in which they ran: ${turns}`)
  })
})

describe("TLS handshakes under way", () => {
  it("so many at most, of one address a quarter of them; who leaves makes room for one that waits", async () => {
    const counters = new Counters()
    const handshakes = new Handshakes(8, new Lane(), counters)
    const begun: string[] = []
    const enter = (name: string) => handshakes.enter(name.slice(0, 1), () => begun.push(name))
    const leave = Object.fromEntries(["a1", "a2", "a3", "a4", "b1"].map((name) => [name, enter(name)]))
    await nextTurn()
    assert.deepEqual(begun, ["a1", "b1", "a2"], "two of a, for all that six places are free")
    assert.equal(counters.limitHandshakes, 2)
    leave.a3?.() // gave up waiting
    leave.b1?.()
    await nextTurn()
    assert.equal(begun.length, 3, "b's place is none for a")
    leave.a1?.()
    leave.a1?.() // the socket closes after its handshake has ended
    await nextTurn()
    assert.deepEqual(begun.slice(3), ["a4"])
  })

  it("who gives up before its turn in the lane is not begun, and leaves its place", async () => {
    const handshakes = new Handshakes(4, new Lane(), new Counters())
    const begun: string[] = []
    const leave = handshakes.enter("a", () => begun.push("a1"))
    handshakes.enter("a", () => begun.push("a2"))
    leave()
    await nextTurn()
    await nextTurn()
    assert.deepEqual(begun, ["a2"])
  })

  it("with all places taken, those who wait come in by turns of their addresses", async () => {
    const handshakes = new Handshakes(4, new Lane(), new Counters())
    const begun: string[] = []
    const taken = ["a", "b", "c", "d"].map((address) => handshakes.enter(address, () => {}))
    for (const name of ["e1", "e2", "f1"]) handshakes.enter(name.slice(0, 1), () => begun.push(name))
    for (const leave of taken) leave()
    while (begun.length < 2) await nextTurn()
    assert.deepEqual(begun, ["e1", "f1"], "e2 would be e's second, of four places one is an address's")
  })
})
