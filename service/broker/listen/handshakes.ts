import type { Counters } from "../counters.ts"
import type { Lane } from "./lane.ts"

/** One address may hold this part of all places. */
const SHARE = 4

/**
 * The TLS handshakes under way: at most `most`, and of one address a quarter of them; further ones wait for a place.
 * One that stalls holds its place until its deadline, so whoever stalls from one address leaves the others theirs.
 */
export class Handshakes {
  readonly #most: number
  readonly #mostPerAddress: number
  readonly #lane: Lane
  readonly #counters: Counters
  readonly #underWay = new Map<string, number>()
  /** Those that wait, by address, in the order of the addresses' turns. */
  readonly #waiting = new Map<string, Set<() => void>>()
  #count = 0

  constructor(most: number, lane: Lane, counters: Counters) {
    this.#most = most
    this.#mostPerAddress = Math.ceil(most / SHARE)
    this.#lane = lane
    this.#counters = counters
  }

  /** Calls `begin`, in the lane, once there is a place. Call what it returns when the handshake has ended or is given up. */
  enter(address: string, begin: () => void): () => void {
    let state: "waiting" | "under way" | "over" = "waiting"
    const start = () => {
      state = "under way"
      this.#count++
      this.#underWay.set(address, this.#of(address) + 1)
      this.#lane.enter(address, () => state === "under way" && begin())
    }
    if (this.#hasRoom(address)) start()
    else this.#wait(address, start)
    return () => {
      if (state === "under way") this.#leave(address)
      else if (state === "waiting") this.#giveUp(address, start)
      state = "over"
    }
  }

  #of(address: string): number {
    return this.#underWay.get(address) ?? 0
  }

  #hasRoom(address: string): boolean {
    return this.#count < this.#most && this.#of(address) < this.#mostPerAddress
  }

  #wait(address: string, start: () => void): void {
    this.#counters.limitHandshakes++
    const others = this.#waiting.get(address)
    if (others === undefined) this.#waiting.set(address, new Set([start]))
    else others.add(start)
  }

  #giveUp(address: string, start: () => void): void {
    const all = this.#waiting.get(address)
    all?.delete(start)
    if (all?.size === 0) this.#waiting.delete(address)
  }

  #leave(address: string): void {
    this.#count--
    const left = this.#of(address) - 1
    if (left > 0) this.#underWay.set(address, left)
    else this.#underWay.delete(address)
    this.#fill()
  }

  /** Few addresses can be at their share, so the search is short. */
  #fill(): void {
    for (const [address, all] of this.#waiting) {
      if (!this.#hasRoom(address)) continue
      const [start] = all
      this.#waiting.delete(address)
      if (start !== undefined) all.delete(start)
      if (all.size > 0) this.#waiting.set(address, all) // behind the others
      return start?.()
    }
  }
}
