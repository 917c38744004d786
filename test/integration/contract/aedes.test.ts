import assert from "node:assert/strict"
import { describe, it, type TestContext } from "node:test"
import type { AedesClass, CoreClient } from "../../../service/broker/core.ts"
import type { Target } from "../../../service/broker/routing/subscription.ts"
import { message, Recorder } from "./recorder.ts"

/** The version that the service runs on, and the next one, which must be able to take its place. */
const VERSIONS = { aedes: "1.2.0", "aedes-next": "2.0.0-beta.1" } as const

/** Names that every plain object has. */
const ODD_NAMES = ["constructor", "__proto__", "toString", "hasOwnProperty"]

for (const [name, version] of Object.entries(VERSIONS)) {
  describe(`the contract with aedes ${version}`, () => {
    it("is with this very version", async (t) => {
      const { core } = await opened(t, name)
      assert.equal(core.version, version)
    })

    it("wants a persistence whose setup is an async function", async () => {
      const { Aedes } = (await import(name)) as { Aedes: AedesClass }
      const broker = new Aedes({ persistence: { setup: () => Promise.resolve() } })
      await assert.rejects(broker.listen(), /async function/)
    })

    it("begins with its birth and listens for other nodes through our router only", async (t) => {
      const recorder = await opened(t, name)
      assert.deepEqual(
        recorder.calls.map(({ stage, topic }) => [stage, topic]),
        [["emit", `$SYS/${recorder.core.id}/birth`]],
      )
    })

    it("takes a QoS 0 message straight to the routing", async (t) => {
      const { calls, done } = (await opened(t, name)).publish(message({ qos: 0 }))
      assert.deepEqual(
        calls.map(({ stage }) => stage),
        ["emit"],
      )
      assert.deepEqual(done, [null])
    })

    for (const qos of [1, 2] as const) {
      it(`stores a QoS ${qos} message before it is routed, and is done after that, in one turn`, async (t) => {
        const { calls, done } = (await opened(t, name)).publish(message({ qos }))
        assert.deepEqual(
          calls.map(({ stage }) => stage),
          ["subscriptionsByTopic", "outgoingEnqueueCombi", "emit"],
        )
        assert.deepEqual(done, [null], "the callback came before publish returned")
      })
    }

    it("stores a retained message first", async (t) => {
      const recorder = await opened(t, name)
      const all = ["storeRetained", "subscriptionsByTopic", "outgoingEnqueueCombi", "emit"]
      assert.deepEqual(
        recorder.publish(message({ retain: true })).calls.map(({ stage }) => stage),
        all,
      )
      const quick = recorder.publish(message({ retain: true, qos: 0 }))
      assert.deepEqual(
        quick.calls.map(({ stage }) => stage),
        ["storeRetained", "emit"],
      )
    })

    it("carries our message through every stage, by identity, with what is written on it", async (t) => {
      const sent = message({ retain: true, qos: 2, expiresAt: 1_900_000_000_000 })
      const { calls } = (await opened(t, name)).publish(sent)
      const packets = calls.map(({ packet }) => packet).filter((packet) => packet !== undefined)
      assert.equal(packets.length, 3)
      for (const packet of packets) {
        assert.equal(packet.properties, sent)
        assert.equal(packet.payload, sent.payload)
        const { topic, qos, retain, clientId } = packet
        assert.deepEqual(
          { topic, qos, retain, clientId },
          { topic: sent.topic, qos: 2, retain: true, clientId: "pump-1" },
        )
        assert.equal("messageExpiry" in packet ? packet.messageExpiry : undefined, sent.expiresAt)
      }
    })

    it("invents no expiry of its own", async (t) => {
      for (const { packet } of (await opened(t, name)).publish(message()).calls) {
        assert.equal(packet !== undefined && "messageExpiry" in packet ? packet.messageExpiry : undefined, undefined)
      }
    })

    it("names the publisher to No Local, also when the client that sends is another", async (t) => {
      const recorder = await opened(t, name)
      const { calls } = recorder.publish(message(), client("bridge-1"))
      assert.equal(calls.find(({ stage }) => stage === "outgoingEnqueueCombi")?.clientId, "pump-1")
      assert.equal(calls.find(({ stage }) => stage === "emit")?.clientId, "bridge-1")
    })

    it("hands the found targets on as they are, but keeps leading wildcards away from $SYS", async (t) => {
      const recorder = await opened(t, name)
      recorder.targets = [target("plant/+"), target("#"), target("+/+")]
      const stored = (topic: string) =>
        recorder.publish(message({ topic })).calls.find(({ stage }) => stage === "outgoingEnqueueCombi")?.targets
      assert.equal(stored("plant/pump"), recorder.targets)
      assert.deepEqual(stored("$SYS/x/y"), recorder.targets.slice(0, 1))
    })

    it("asks no hook to authorise what we publish", async (t) => {
      const recorder = await opened(t, name)
      const asked: unknown[] = []
      Object.assign(recorder.aedes, { authorizePublish: (...all: unknown[]) => asked.push(all) })
      const { done } = recorder.publish(message({ topic: "$SYS/forged" }), client("pump-1"))
      assert.deepEqual(asked, [])
      assert.deepEqual(done, [null])
    })

    it("ends the pipeline where a stage fails, and says so", async (t) => {
      for (const [stage, reached] of [
        ["storeRetained", 1],
        ["outgoingEnqueueCombi", 3],
        ["emit", 4],
      ] as const) {
        const recorder = await opened(t, name)
        const error = new Error(`${stage} failed`)
        recorder.failing.set(stage, error)
        const { calls, done } = recorder.publish(message({ retain: true }))
        assert.equal(calls.length, reached, stage)
        assert.deepEqual(done, [error], stage)
        assert.deepEqual(recorder.errors, [], stage)
      }
    })

    it("has no answer where the look-up of targets fails, only an error event: our store must never do so", async (t) => {
      const recorder = await opened(t, name)
      const error = new Error("no look-up")
      recorder.failing.set("subscriptionsByTopic", error)
      const { done } = recorder.publish(message())
      assert.deepEqual(recorder.errors, [error])
      assert.deepEqual(done, [])
    })

    it("lets an exception of a stage climb to the publisher, who guards it", async (t) => {
      const recorder = await opened(t, name)
      recorder.router.emit = () => {
        throw new Error("thrown while routing")
      }
      assert.throws(() => recorder.publish(message()), /thrown while routing/)
    })

    it("publishes from within a callback, each message whole", async (t) => {
      const recorder = await opened(t, name)
      const order: string[] = []
      recorder.core.publish(message({ topic: "first" }), null, () => {
        recorder.core.publish(message({ topic: "second" }), null, () => order.push("second"))
        order.push("first")
      })
      assert.deepEqual(order, ["second", "first"])
    })

    it("refuses a topic of more than 100 levels before it touches anything", async (t) => {
      const recorder = await opened(t, name)
      const tooDeep = recorder.publish(message({ topic: "a/".repeat(100) }))
      assert.equal(tooDeep.calls.length, 0)
      assert.ok(tooDeep.done[0] instanceof Error)
      assert.deepEqual(recorder.publish(message({ topic: `${"a/".repeat(99)}a` })).done, [null])
    })

    it("registers a client under its identifier, whatever that is, and tells", async (t) => {
      const recorder = await opened(t, name)
      for (const id of ["pump-1", ...ODD_NAMES]) {
        const events = heard(recorder)
        const one = client(id)
        recorder.calls.length = 0
        recorder.core.register(one)
        assert.equal(recorder.aedes.clients[id], one)
        recorder.core.unregister(one)
        assert.equal(id in recorder.aedes.clients, false)
        assert.deepEqual(events, [`client ${id}`, `clientDisconnect ${id}`])
        assert.deepEqual(
          recorder.calls.map(({ topic, packet }) => [topic, String(packet?.payload)]),
          ["new", "disconnect"].map((what) => [`$SYS/${recorder.core.id}/${what}/clients`, id]),
        )
        recorder.aedes.removeAllListeners("client").removeAllListeners("clientDisconnect")
      }
    })

    it("closes nobody when an identifier comes again after it was given back", async (t) => {
      const recorder = await opened(t, name)
      const [before, after] = [client("pump-1"), client("pump-1")]
      recorder.core.register(before)
      recorder.core.unregister(before)
      recorder.core.register(after)
      assert.equal(before.closes + after.closes, 0)
      assert.equal(recorder.aedes.clients["pump-1"], after)
      recorder.core.unregister(after)
    })

    it("closes a client that another node has taken over, and no client for its own news", async (t) => {
      const recorder = await opened(t, name)
      const [mine, other] = [client("pump-1"), client("pump-2")]
      recorder.core.register(mine)
      recorder.core.register(other)
      recorder.router.emit({ topic: "$SYS/other-node/new/clients", payload: "pump-1", qos: 0, retain: false })
      assert.deepEqual([mine.closes, other.closes], [1, 0])
      for (const one of [mine, other]) recorder.core.unregister(one) // closing is ours to do: versions do it differently
    })

    it("closes with its timers and our router, once nobody is registered", async (t) => {
      const recorder = await opened(t, name)
      await recorder.core.close()
      await recorder.core.close()
      const { done } = recorder.publish(message())
      assert.match(String(done[0]), /router is closed/)
    })
  })
}

async function opened(t: TestContext, name: string): Promise<Recorder> {
  const { Aedes } = (await import(name)) as { Aedes: AedesClass }
  const recorder = await Recorder.open(Aedes)
  t.after(() => recorder.core.close())
  return recorder
}

function client(id: string): CoreClient & { closes: number } {
  return {
    id,
    closed: false,
    closes: 0,
    close(done) {
      this.closes++
      done?.()
    },
  }
}

function target(topic: string): Target {
  return { topic } as Target
}

function heard({ aedes }: Recorder): string[] {
  const events: string[] = []
  for (const event of ["client", "clientDisconnect"])
    aedes.on(event, ({ id }: CoreClient) => events.push(`${event} ${id}`))
  return events
}
