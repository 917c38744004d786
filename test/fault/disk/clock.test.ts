import assert from "node:assert/strict"
import { describe, it } from "node:test"
import { setTimeout as delay } from "node:timers/promises"
import { texts } from "../../integration/durable/box.ts"
import { faultyBox } from "./faulty-box.ts"

const YEAR = 365 * 24 * 3600

describe("a wall clock that jumps", () => {
  for (const [name, seconds] of [
    ["forward", YEAR],
    ["back", -YEAR],
  ] as const) {
    it(`${name} by a year ends no session and no message, sends no will, and stops no time`, async () => {
      const { box, setClock } = await faultyBox()
      await using _parts = box
      const watcher = await box.client({ id: "w" })
      await watcher.subscribe({ topic: "will", qos: 1 })
      const will = { topic: "will", payload: "gone", qos: 1, properties: { willDelayInterval: 3600 } }
      const sleeper = await box.client({ id: "s", will })
      await sleeper.subscribe({ topic: "a", qos: 1 })
      await sleeper.vanish()
      const publisher = await box.client({ id: "p" })
      const expiring = (seconds: number) => ({ properties: { messageExpiryInterval: seconds } })
      await publisher.publish("a", "an hour", expiring(3600))

      setClock(seconds)
      await publisher.publish("a", "a second", expiring(1))
      await publisher.publish("a", "another hour", expiring(3600))
      await delay(1200)
      await watcher.quiet()
      const back = await box.client({ id: "s" })
      assert.equal(back.connack?.sessionPresent, true)
      const messages = await back.messages(2)
      assert.deepEqual(texts(messages), ["an hour", "another hour"])
      const left = messages[0]?.properties?.messageExpiryInterval ?? 0
      assert.ok(left > 3500 && left <= 3600, `${left} s of the hour are left`)
      await back.vanish()

      await box.settle()
      setClock(0) // while the gateway is down the clock is set right
      await box.crash()
      const again = await box.client({ id: "s" })
      assert.equal(again.connack?.sessionPresent, true)
      assert.deepEqual(texts(await again.take(2)), ["an hour", "another hour"])
    })
  }
})
