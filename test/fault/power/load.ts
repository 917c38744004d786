import { execFileSync } from "node:child_process"
import { readFileSync, statSync } from "node:fs"
import { join } from "node:path"
import { setTimeout as delay } from "node:timers/promises"
import { GRANT, grant } from "../../integration/mqtt/plant.ts"
import { ADMIN } from "../../support/gateway.ts"
import { Place } from "../../support/process.ts"
import { Peer, USER } from "../kills/peer.ts"
import { Publisher } from "../kills/publisher.ts"
import { Subscriber } from "../kills/subscriber.ts"

/** Something the gateway has acknowledged, and how long the trace was when that was heard: a promise from there on. */
export interface Promised {
  readonly what: "message" | "retained" | "user"
  readonly value: string
  readonly at: number
}

export interface Recording {
  readonly trace: Buffer
  readonly promised: readonly Promised[]
  /** Length of the trace when the load began: the sessions of `OFFLINE` were there by then. */
  readonly begun: number
}

/** Sessions that nobody connects to: every message acknowledged must be in their queues. */
export const OFFLINE = ["offline-1", "offline-2"] as const
/** A start on a machine that has other things to do. */
const START_MS = 120_000
const RETAINED_TOPICS = 20

/** Runs the gateway under the recorder with a load of everything that is acknowledged, and ends it with kill -9. */
export async function record(loadMs: number): Promise<Recording> {
  await using place = await Place.make()
  const recorder = join(place.folder, "recorder.so")
  const source = new URL("./recorder.c", import.meta.url).pathname
  execFileSync("cc", ["-shared", "-fPIC", "-O1", "-Wall", "-Werror", "-o", recorder, source, "-ldl", "-lpthread"])
  const path = join(place.folder, "trace")
  const users = [{ username: USER.username, grant: GRANT, permissions: grant("readWrite", "#") }]
  // a queue at its cap drops its oldest, which is told and no loss: none may get there
  await place.configure({ bootstrap: place.bootstrap, limits: { queuedMessagesPerSession: 1_000_000 } })
  await place.writeBootstrap({ users })
  const env = { LD_PRELOAD: recorder, RECORDER_FOLDER: place.state, RECORDER_TRACE: path }
  await using gateway = place.spawn({ env })
  await gateway.prints(/Gatehouse is up\..*It is in service/s, START_MS)
  await gateway.api.signIn(ADMIN.username, ADMIN.password)
  const port = gateway.port("mqtt")
  const promised: Promised[] = []
  const promise = (what: Promised["what"], value: string) => promised.push({ what, value, at: statSync(path).size })

  for (const name of OFFLINE) await subscribeAndLeave(name, port)
  const begun = statSync(path).size
  const peers = [new Peer(new Subscriber("online", 5, 2), port)]
  for (const [name, version, qos] of [
    ["p1", 4, 1],
    ["p2", 5, 2],
    ["p3", 4, 2],
  ] as const) {
    const publisher = new Publisher(name, version, qos, ["load/a", "load/b"])
    publisher.onAcknowledged = (payload) => promise("message", payload)
    peers.push(new Peer(publisher, port))
  }
  const keeper = new Publisher(
    "keeper",
    5,
    1,
    Array.from({ length: RETAINED_TOPICS }, (_, i) => `kept/${i}`),
    true,
  )
  keeper.onAcknowledged = (payload) => promise("retained", payload)
  peers.push(new Peer(keeper, port))
  const until = performance.now() + loadMs
  for (let i = 0; performance.now() < until; i++) {
    const username = `user-${i}`
    await gateway.api.post("/users", { username, grant: { kind: "certificate" } })
    promise("user", username)
    await delay(20)
  }
  await gateway.stop("SIGKILL")
  await Promise.all(peers.map((peer) => peer.vanish()))
  return { trace: readFileSync(path), promised, begun }
}

async function subscribeAndLeave(name: string, port: number): Promise<void> {
  const subscriber = new Subscriber(name, 5, 2)
  const peer = new Peer(subscriber, port)
  while (!subscriber.isSubscribed) await delay(5)
  await peer.vanish()
}
