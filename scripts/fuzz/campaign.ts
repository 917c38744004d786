import { setTimeout as delay } from "node:timers/promises"
import { Worker } from "node:worker_threads"
import { Client } from "../bench/load/client.ts"
import type { CanaryOrder, Chirp } from "./canary.ts"
import { caseOf, play } from "./cases.ts"
import { Health } from "./health.ts"
import { inWords, Memory } from "./memory.ts"
import type { Weight } from "./scales.ts"
import type { Subject } from "./subject.ts"
import { World } from "./world.ts"

/** Cases and worlds at one time. */
const CASES = 64
const WORLDS = 3
/** Seconds until every cap of the gateway has been reached and its heap is as large as it will be. */
const WARM_UP = 180
const SETTLE = 30
/** Seconds between two weighings; each stops the gateway for a collection. */
const WEIGH_EVERY = 60
/** Milliseconds for the canary's round trip, waiting for a processor not counted. */
const CHIRP_MS = 2000
/** Findings after which there is nothing new to learn. */
const ENOUGH = 50

/** One run: attackers, canary and watchman side by side until the time is over, then the settling and the verdict. */
export class Campaign {
  readonly #subject: Subject
  readonly #seed: string
  readonly #onlyWorld: number | undefined
  readonly #findings: string[] = []
  readonly #memory = new Memory()
  readonly #health: Health
  readonly #recent: { readonly name: string; readonly at: number }[] = []
  #stopped = false
  #begun = performance.now()
  #cases = 0
  #packets = 0
  #worlds = 0
  #steps = 0
  #chirps = 0
  #slowest = 0

  constructor(subject: Subject, seed: string, onlyWorld: number | undefined) {
    this.#subject = subject
    this.#health = new Health(subject)
    this.#seed = seed
    this.#onlyWorld = onlyWorld
  }

  /** True when all held. */
  async run(seconds: number): Promise<boolean> {
    for (const username of ["fuzz", "state", "canary"]) await this.#knock(username)
    this.#begun = performance.now()
    const canary = this.#watchCanary()
    const attackers = [
      ...Array.from({ length: this.#onlyWorld === undefined ? CASES : 0 }, () => this.#attack()),
      ...Array.from({ length: this.#onlyWorld === undefined ? WORLDS : 1 }, () => this.#inhabit()),
    ]
    const warmUp = Math.min(WARM_UP, seconds / 2)
    const warm = await this.#watch(warmUp, seconds)
    const last = await this.#weigh()
    this.#stopped = true
    const ended = await Promise.race([Promise.all(attackers).then(() => true), delay(60_000, false)])
    if (!ended) this.#finding("an attacker did not come to its end within 60 s")
    const after = await this.#settle()
    await canary.terminate()
    for (const finding of this.#memory.judge({ warm, last, after }, warmUp < WARM_UP)) this.#finding(finding)
    return this.#verdict()
  }

  /** A password that was verified once costs no hash any more: the attackers are not to wait for each other's. */
  async #knock(username: string): Promise<void> {
    const { ports, password } = this.#subject.target
    const client = await Client.connect({ port: ports.mqtt, login: { username, password } }, 0, `knock-${username}`, 4)
    await client.close()
  }

  async #attack(): Promise<void> {
    while (!this.#stopped) {
      const one = caseOf(this.#seed, this.#cases++)
      this.#recent.push({ name: one.name, at: performance.now() })
      if (this.#recent.length > 200) this.#recent.shift()
      try {
        const packets = await play(one, this.#subject.target)
        this.#packets += packets
      } catch (error) {
        this.#finding(`the fuzzer itself failed in ${one.name}: ${error instanceof Error ? error.stack : error}`)
        await delay(1000)
      }
    }
  }

  async #inhabit(): Promise<void> {
    while (!this.#stopped) {
      const number = this.#onlyWorld ?? this.#worlds
      this.#worlds++
      const world = new World(`${this.#seed}/world:${number}`, number, this.#subject.target, (text, client) =>
        this.#finding(`${text}; the gateway's log: ${this.#subject.saidOf(client)}`),
      )
      try {
        await world.run(() => {
          this.#steps++
          return this.#stopped
        })
      } catch (error) {
        if (this.#subject.exit === null)
          this.#finding(`world:${number}: ${error instanceof Error ? error.message : error}`)
        await delay(1000)
      }
    }
  }

  #watchCanary(): Worker {
    const workerData: CanaryOrder = { target: this.#subject.target, pid: this.#subject.pid }
    const worker = new Worker(new URL("./canary.ts", import.meta.url), { workerData })
    worker.on("message", ({ milliseconds, waited, error }: Chirp) => {
      const own = milliseconds - waited
      this.#chirps++
      this.#slowest = Math.max(this.#slowest, own)
      const slow = `${milliseconds.toFixed(0)} ms, ${waited.toFixed(0)} of them waiting for a processor`
      if (error !== undefined) this.#finding(`canary: ${error} (${slow})`)
      else if (own > CHIRP_MS) this.#finding(`canary: a round trip took ${slow}`)
    })
    worker.on("error", (error) => this.#finding(`canary: ${error.stack}`))
    return worker
  }

  /** Looks every second, tells every ten; the answer is what the gateway held after the warm-up. */
  async #watch(warmUp: number, seconds: number): Promise<Weight | undefined> {
    let warm: Weight | undefined
    let told = 0
    let weighed = 0
    while (this.#seconds < seconds && this.#subject.exit === null && this.#findings.length < ENOUGH) {
      await delay(1000)
      await this.#look()
      if (this.#seconds - told >= 10) {
        told = this.#seconds
        this.#tell()
      }
      if (warm === undefined && this.#seconds >= warmUp) warm = await this.#weigh()
      else if (this.#seconds - weighed >= WEIGH_EVERY) {
        weighed = this.#seconds
        await this.#weigh()
      }
    }
    return warm
  }

  async #weigh(): Promise<Weight | undefined> {
    const weight = await this.#subject.weigh()
    if (weight !== undefined) console.log(`         alive: ${inWords(weight)}`)
    return weight
  }

  get #seconds(): number {
    return (performance.now() - this.#begun) / 1000
  }

  async #look(): Promise<void> {
    const { pid, exit } = this.#subject
    for (const fault of this.#subject.faults()) this.#finding(`in the gateway's log: ${fault}; ${this.#suspects()}`)
    if (exit !== null) return this.#finding(`the gateway is gone: ${exit}; ${this.#suspects()}`)
    this.#memory.look(pid)
    if (await this.#health.isLost()) this.#finding("/healthz did not answer ok twice in a row")
  }

  /** The cases that began in the last two seconds. */
  #suspects(): string {
    const since = performance.now() - 2000
    const names = this.#recent.filter(({ at }) => at > since).map(({ name }) => name.slice(name.lastIndexOf("/") + 1))
    return `under way: ${names.slice(-60).join(" ")}`
  }

  #tell(): void {
    const seconds = this.#seconds
    const rate = Math.round(this.#packets / seconds)
    console.log(
      `${seconds.toFixed(0).padStart(5)} s  ${this.#cases} cases, ${this.#packets} packets (${rate}/s); ${this.#worlds} worlds, ` +
        `${this.#steps} steps; canary ${this.#chirps}, slowest ${this.#slowest.toFixed(0)} ms; ` +
        `RSS ${this.#memory.rss.toFixed(0)} MiB; ${this.#findings.length} findings`,
    )
  }

  /** Nobody but the canary for a while; the answer is what the gateway holds then. */
  async #settle(): Promise<Weight | undefined> {
    for (let second = 0; second < SETTLE && this.#subject.exit === null; second++) {
      await delay(1000)
      await this.#look()
    }
    if (this.#subject.exit !== null) return undefined
    const counters = await this.#subject.counters()
    console.log(`counters ${JSON.stringify(counters)}`)
    for (const [name, most] of Object.entries({ connections: 1, sockets: 1, sessions: 1 })) {
      const count = counters[name] ?? Number.NaN
      if (!(count <= most))
        this.#finding(`after ${SETTLE} s of rest there are ${count} ${name}; only the canary should be left`)
    }
    return await this.#weigh()
  }

  #verdict(): boolean {
    this.#tell()
    const passed = this.#findings.length === 0
    console.log(
      passed ? "all held" : `${this.#findings.length} findings; seed ${this.#seed}:\n${this.#findings.join("\n")}`,
    )
    return passed
  }

  #finding(text: string): void {
    this.#findings.push(text)
    if (this.#findings.length <= ENOUGH) console.log(`FINDING ${text}`)
  }
}
