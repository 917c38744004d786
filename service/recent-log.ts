import type { Clock } from "./clock.ts"
import { type Fields, type Level, type Logger, rendered } from "./log.ts"

export interface LogEntry {
  /** Rises by one with each entry of this process. */
  readonly number: number
  /** Milliseconds since the epoch. */
  readonly at: number
  readonly level: Level
  readonly part: string
  readonly message: string
  /** As in the log: `name=value`, values quoted where they hold anything but plain characters. */
  readonly fields: string
}

const KEPT = 1000
const LONGEST = 500

/**
 * The latest lines of the log, for whoever has no console. They hold what the log holds, so no password, key, token or
 * payload; debug lines, of which there is one for every trifle, are left to the log itself.
 */
export class RecentLog {
  readonly #clock: Clock
  readonly #entries: LogEntry[] = []
  #number = 0

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** The oldest first. */
  get entries(): readonly LogEntry[] {
    return this.#entries
  }

  /** A log that writes to this one and keeps what it wrote. */
  keeping(log: Logger, part = ""): Logger {
    const line = (level: Level) => (message: string, fields?: Fields) => {
      log[level](message, fields)
      if (level !== "debug") this.#keep(level, part, message, rendered(fields).trimStart().slice(0, LONGEST))
    }
    return {
      ...{ error: line("error"), warn: line("warn"), info: line("info"), debug: line("debug") },
      for: (name) => this.keeping(log.for(name), name),
    }
  }

  #keep(level: Level, part: string, message: string, fields: string): void {
    this.#entries.push({ number: ++this.#number, at: this.#clock.now(), level, part, message, fields })
    if (this.#entries.length > KEPT) this.#entries.shift()
  }
}
