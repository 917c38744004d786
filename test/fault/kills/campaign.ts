import { setTimeout as delay } from "node:timers/promises"
import { GRANT, grant } from "../../integration/mqtt/plant.ts"
import { Place } from "../../support/process.ts"
import { type Party, Peer, USER } from "./peer.ts"
import { Publisher } from "./publisher.ts"
import { Subscriber } from "./subscriber.ts"
import { judge, type Verdict } from "./verdict.ts"

const TOPICS = ["load/a", "load/b", "load/c"]
/** A life of the gateway from its last client to its end, milliseconds. */
const LIFE = { least: 20, most: 1200 } as const
/** How long everything that is owed may take to arrive at the end. */
const DRAIN_MS = 60_000

/** A start on a machine that has other things to do. */
const START_MS = 120_000

const LIMITS = { queuedMessagesPerSession: 1_000_000, queuedBytesPerSession: 1e9, queuedBytesTotal: 4e9 }

export interface Subject extends AsyncDisposable {
  /** Starts it; answers its MQTT port. */
  start(): Promise<number>
  /** kill -9. */
  kill(): Promise<void>
}

/** The gateway with one user who may do anything, in a state directory that stays. */
export async function gatehouse(): Promise<Subject> {
  const place = await Place.make()
  const users = [{ username: USER.username, grant: GRANT, permissions: grant("readWrite", "#") }]
  let gateway = await place.startClaimed({ users }, { limits: LIMITS })
  await gateway.stop()
  return {
    async start() {
      await place.configure({ limits: LIMITS })
      gateway = place.spawn()
      await gateway.prints(/Gatehouse is up\./, START_MS)
      return gateway.port("mqtt")
    },
    kill: async () => void (await gateway.stop("SIGKILL")),
    async [Symbol.asyncDispose]() {
      await gateway[Symbol.asyncDispose]()
      await place[Symbol.asyncDispose]()
    },
  }
}

/** Kills the subject again and again under load, then lets everything arrive, and judges. `random` is from 0 to 1. */
export async function campaign(
  subject: Subject,
  kills: number,
  random: () => number,
  told: (line: string) => void,
): Promise<Verdict & { readonly sessionsLost: number }> {
  const publishers = [
    new Publisher("p1", 4, 1, TOPICS),
    new Publisher("p2", 5, 1, TOPICS),
    new Publisher("p3", 4, 2, TOPICS),
    new Publisher("p4", 5, 2, TOPICS),
  ]
  const subscribers = [
    new Subscriber("s1", 5, 2),
    new Subscriber("s2", 4, 1),
    new Subscriber("s3", 5, 1),
    new Subscriber("s4", 4, 2),
  ]
  let sessionsLost = 0
  const known = new Set<string>()
  for (let kill = 1; kill <= kills + 1; kill++) {
    const port = await subject.start()
    const life = new Life(port, (party, present) => {
      if (!present && known.has(party.name)) sessionsLost++
      if (party instanceof Subscriber ? party.isSubscribed : present) known.add(party.name)
    })
    for (const subscriber of subscribers) await life.join(subscriber)
    while (!subscribers.every(({ isSubscribed }) => isSubscribed)) await delay(5)
    const isLast = kill > kills
    for (const publisher of publishers) {
      publisher.isOpen = !isLast
      await life.join(publisher)
    }
    if (isLast) await drained(publishers, subscribers)
    else {
      const stop = life.comeAndGo(subscribers, random)
      await delay(LIFE.least + random() * (LIFE.most - LIFE.least))
      await Promise.all([subject.kill(), stop()])
    }
    await life.end()
    if (kill % 10 === 0)
      told(`${kill} kills, ${publishers.reduce((sum, p) => sum + p.acknowledged.length, 0)} acknowledged`)
  }
  return { ...judge(publishers, subscribers), sessionsLost }
}

/** Everyone's connections to one run of the subject. */
class Life {
  readonly #port: number
  readonly #onSession: (party: Party, present: boolean) => void
  readonly #peers = new Map<Party, Peer>()

  constructor(port: number, onSession: (party: Party, present: boolean) => void) {
    this.#port = port
    this.#onSession = onSession
  }

  async join(party: Party): Promise<void> {
    const peer = new Peer(party, this.#port)
    this.#peers.set(party, peer)
    try {
      this.#onSession(party, await peer.sessionPresent)
    } catch {
      // killed meanwhile
    }
  }

  /** Parties leave and come back at random, until the answer is called. */
  comeAndGo(parties: readonly Party[], random: () => number): () => Promise<void> {
    let isOver = false
    const running = parties.map(async (party) => {
      while (!isOver) {
        await delay(random() * 400)
        if (isOver) return
        await this.#peers.get(party)?.vanish()
        await delay(random() * 100)
        if (!isOver) await this.join(party)
      }
    })
    return async () => {
      isOver = true
      await Promise.all(running)
    }
  }

  async end(): Promise<void> {
    await Promise.all([...this.#peers.values()].map((peer) => peer.vanish()))
  }
}

/** Nothing has arrived for a while, and every publisher has its last acknowledgement. */
async function drained(publishers: readonly Publisher[], subscribers: readonly Subscriber[]): Promise<void> {
  const count = () => subscribers.reduce((sum, { received }) => sum + received.length, 0)
  const begun = performance.now()
  for (let before = -1; performance.now() - begun < DRAIN_MS; ) {
    await delay(1500)
    if (count() === before && publishers.every(({ isIdle }) => isIdle)) return
    before = count()
  }
  throw new Error("messages still arrive, or acknowledgements are missing, after a minute")
}
