import type { Outgoing } from "./outgoing.ts"

/**
 * Which of a session's messages may have been sent, by their places: what was goes out again with DUP [MQTT-3.3.1-1],
 * also after a crash. So nothing that lies on the disk as never sent leaves before the disk knows better.
 */
export class SentPlaces {
  /** The disk knows, or is being told, that everything up to this place may have been sent. */
  marked = 0
  /** The last place that was sent on a connection of this process. */
  last = 0
  #mayGoTo = 0
  #found = { last: 0, marked: 0 }

  /** Found on the disk at the start: the last place there, and the mark. */
  restore(last: number, marked: number): void {
    this.marked = marked
    this.#found = { last, marked }
  }

  /** The mark is to move; call the answer once the disk knows. */
  markTo(place: number): () => void {
    this.marked = place
    return () => {
      this.#mayGoTo = Math.max(this.#mayGoTo, place)
    }
  }

  mayGo({ stored, marked, sequence }: Outgoing): boolean {
    return stored === 0 || marked || sequence <= this.#mayGoTo
  }

  /** Whether a message that comes back from the disk may have been sent before. */
  includes({ sequence, marked }: Outgoing): boolean {
    const found = this.#found
    return sequence <= this.last || (sequence <= found.last && (marked || sequence <= found.marked))
  }
}
