import { setTimeout as delay } from "node:timers/promises"
import { parentPort, workerData } from "node:worker_threads"
import { ownProcessorWait, processorWait } from "../bench/process-stat.ts"
import { openLine, type Target } from "./lines.ts"
import { Talker } from "./talker.ts"

/** What the canary is told: a thread of its own, so that the fuzzer's own work does not count as the gateway's. */
export interface CanaryOrder {
  readonly target: Target
  readonly pid: number
}

/** One QoS 1 round trip: sent, acknowledged and delivered. */
export interface Chirp {
  readonly milliseconds: number
  /** Of these, how long the gateway and the canary stood in the queue for a processor: the machine's doing. */
  readonly waited: number
  readonly error: string | undefined
}

const EVERY_MS = 1000
const PATIENCE_MS = 30_000
const TOPIC = "canary/echo"

async function connected(target: Target): Promise<Talker> {
  const { stream } = await openLine(target, "mqtt", "127.0.0.1")
  const talker = new Talker(stream, 5)
  await answered(talker, "connack", () =>
    talker.send({
      cmd: "connect",
      protocolId: "MQTT",
      protocolVersion: 5,
      clean: true,
      clientId: "canary-1",
      keepalive: 30,
      username: "canary",
      password: Buffer.from(target.password),
    }),
  )
  await answered(talker, "suback", () =>
    talker.send({ cmd: "subscribe", messageId: 1, subscriptions: [{ topic: TOPIC, qos: 1 }] }),
  )
  return talker
}

/** Resolves once each of these packets, named with blanks between, has come; rejects when it takes too long. */
function answered(talker: Talker, wanted: string, ask: () => void): Promise<void> {
  const missing = new Set(wanted.split(" "))
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`no ${[...missing].join(" and ")}`)), PATIENCE_MS)
    const over = (end: () => void) => {
      clearTimeout(timer)
      end()
    }
    talker.onGone = (why) => over(() => reject(new Error(`the canary was cut off: ${why}`)))
    talker.onPacket = (packet) => {
      if (packet.cmd === "publish") talker.send({ cmd: "puback", messageId: packet.messageId })
      missing.delete(packet.cmd)
      if (missing.size === 0) over(resolve)
    }
    ask()
  })
}

/** Milliseconds that the gateway's main thread and this thread have waited for a processor so far. */
function waitedFor(pid: number): number {
  return processorWait(pid) + ownProcessorWait()
}

async function sing({ target, pid }: CanaryOrder): Promise<void> {
  let talker: Talker | undefined
  for (let id = 1; ; id = (id % 60_000) + 1) {
    const begun = performance.now()
    const before = waitedFor(pid)
    let error: string | undefined
    try {
      talker ??= await connected(target)
      const to = talker
      await answered(to, "puback publish", () =>
        to.send({ cmd: "publish", topic: TOPIC, payload: String(id), qos: 1, messageId: id }),
      )
    } catch (failure) {
      error = failure instanceof Error ? failure.message : String(failure)
      talker?.stream.destroy()
      talker = undefined
    }
    const milliseconds = performance.now() - begun
    parentPort?.postMessage({ milliseconds, waited: waitedFor(pid) - before, error } satisfies Chirp)
    await delay(Math.max(0, EVERY_MS - milliseconds))
  }
}

if (parentPort !== null) await sing(workerData as CanaryOrder)
