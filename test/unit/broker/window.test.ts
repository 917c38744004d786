import assert from "node:assert/strict"
import { test } from "node:test"
import { Message } from "../../../service/broker/message.ts"
import type { Delivery } from "../../../service/broker/session/delivery.ts"
import { Outgoing } from "../../../service/broker/session/outgoing.ts"
import { packetIdOf, Window } from "../../../service/broker/session/window.ts"

const message = new Message("t", Buffer.alloc(0), 1, false, "")
const outgoing = () => new Outgoing({} as Delivery, message, 1, false, undefined)

test("a packet identifier is never 0 and never one that is in use, round after round [MQTT-2.2.1-4, 4.3.2-1, 4.3.3-1]", () => {
  const window = new Window()
  const unanswered = new Set([window.add(outgoing()), window.add(outgoing())])
  assert.deepEqual([...unanswered], [1, 2])
  let last = 2
  for (let i = 0; i < 140_000; i++) {
    const packetId = window.add(outgoing())
    assert.ok(packetId >= 1 && packetId <= 65_535 && !unanswered.has(packetId))
    assert.equal(packetId, last === 65_535 ? 3 : last + 1)
    last = packetId
    assert.notEqual(window.settle(packetId), undefined)
  }
  assert.equal(window.size, 2)
})

test("a message keeps its packet identifier, and waits while another one has it", () => {
  const window = new Window()
  const first = outgoing()
  window.number(first)
  window.add(first)
  const next = outgoing()
  for (let i = 0; i < 65_535; i++) window.number(next)
  assert.equal(packetIdOf(next.sequence), first.packetId)
  assert.equal(window.hasPlaceFor(next), false)
  window.settle(first.packetId)
  assert.equal(window.hasPlaceFor(next), true)
  assert.equal(window.add(next), first.packetId)
})
