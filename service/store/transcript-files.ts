import { appendFile, readdir, readFile, rm, stat, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { reasonOf } from "../errors.ts"
import type { Logger } from "../log.ts"
import type { TranscriptEntry, Transcripts } from "../provisioning/transcripts.ts"

/** Bytes of one job's log; beyond it the older half goes. */
const MOST_BYTES = 256 * 1024

/**
 * The logs of jobs, a file of JSON lines for each. They are for people to look at: written without waiting for the disk,
 * and a line that a crash has torn is passed over.
 */
export class TranscriptFiles implements Transcripts {
  readonly #folder: string
  readonly #log: Logger
  #last: Promise<void> = Promise.resolve()

  /** `folder` is there, private, and holds nothing else. */
  constructor(folder: string, log: Logger) {
    this.#folder = folder
    this.#log = log
  }

  append(job: string, entries: readonly TranscriptEntry[]): Promise<void> {
    return this.#inTurn(async () => {
      const path = this.#pathOf(job)
      await appendFile(path, entries.map((entry) => `${JSON.stringify(entry)}\n`).join(""), { mode: 0o600 })
      if ((await stat(path)).size > MOST_BYTES) await halve(path)
    })
  }

  async read(job: string): Promise<readonly TranscriptEntry[]> {
    await this.#last
    const text = await readFile(this.#pathOf(job), "utf8").catch(() => "")
    return text.split("\n").flatMap(parsed)
  }

  keepOnly(jobs: ReadonlySet<string>): Promise<void> {
    return this.#inTurn(async () => {
      for (const name of await readdir(this.#folder)) {
        if (!jobs.has(name.replace(/\.jsonl$/, ""))) await rm(join(this.#folder, name), { force: true })
      }
    })
  }

  #inTurn(work: () => Promise<void>): Promise<void> {
    this.#last = this.#last.then(work).catch((error) => {
      this.#log.warn("the log of a job could not be kept", { reason: reasonOf(error) })
    })
    return this.#last
  }

  #pathOf(job: string): string {
    if (!/^[a-z0-9]{10}$/.test(job)) throw new Error("a job is 10 of a-z 0-9")
    return join(this.#folder, `${job}.jsonl`)
  }
}

async function halve(path: string): Promise<void> {
  const lines = (await readFile(path, "utf8")).split("\n")
  await writeFile(path, lines.slice(Math.floor(lines.length / 2)).join("\n"), { mode: 0o600 })
}

function parsed(line: string): TranscriptEntry[] {
  try {
    return line === "" ? [] : [JSON.parse(line)]
  } catch {
    return []
  }
}
