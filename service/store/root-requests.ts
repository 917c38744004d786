import { readdir, readFile } from "node:fs/promises"
import { join } from "node:path"
import type { Readable } from "node:stream"
import type { z } from "zod"
import {
  type Appliance,
  type Outcome,
  REQUEST_FORMAT,
  REQUEST_KINDS,
  type RootAnswer,
  type RootRequest,
  type RootStatus,
  rootAnswer,
  rootStatus,
  type UploadedBundle,
} from "../appliance.ts"
import type { Clock } from "../clock.ts"
import { GatewayError, reasonOf } from "../errors.ts"
import { parseJson } from "../json.ts"
import type { Logger } from "../log.ts"
import { repeat } from "../upkeep.ts"
import { isMissing, readOrNull, writeDurably } from "./durable-file.ts"
import type { StateDirectory } from "./state-directory.ts"
import { Uploads } from "./uploads.ts"

const WATCH_MS = 1000
/** While one of these is under way nothing else may begin. */
const ALONE: ReadonlySet<string> = new Set(["install", "roll-back", "factory-reset", "restart"])

export interface RootRequestsParts {
  readonly state: StateDirectory
  /** Where root writes its status and its answers. */
  readonly systemDirectory: string
  readonly clock: Clock
  readonly log: Logger
  /** Told of every change of what became of a request, within about a second. */
  readonly onChange: (outcome: Outcome) => void
}

/**
 * The appliance as the service sees it: requests in a drop folder, answers in a folder of root's. Undefined where root
 * left no status, so on every machine that is no appliance. Rejects with `state-unusable`.
 */
export async function openAppliance(parts: RootRequestsParts): Promise<(Appliance & AsyncDisposable) | undefined> {
  if ((await readOrNull(join(parts.systemDirectory, "status.json"))) === null) return undefined
  const folder = await parts.state.folder("requests")
  const uploads = await Uploads.open(await parts.state.folder("uploads"))
  const requests = new RootRequests(parts, folder, uploads)
  await requests.look()
  return requests
}

class RootRequests implements Appliance, AsyncDisposable {
  readonly #parts: RootRequestsParts
  readonly #folder: string
  readonly #uploads: Uploads
  readonly #watch: AsyncDisposable
  /** What was last seen of each request that is not over, as JSON. */
  readonly #open = new Map<string, string>()
  #lastNumber = 0

  constructor(parts: RootRequestsParts, folder: string, uploads: Uploads) {
    this.#parts = parts
    this.#folder = folder
    this.#uploads = uploads
    this.#watch = repeat("watching what root answers", WATCH_MS, () => this.#tell(), parts.log)
  }

  status(): Promise<RootStatus> {
    return readJson(join(this.#parts.systemDirectory, "status.json"), rootStatus)
  }

  async outcomes(): Promise<Outcome[]> {
    const answers = await this.#answers()
    const answered = new Set(answers.map(({ id }) => id))
    const waiting = (await this.#waiting()).filter(({ id }) => !answered.has(id))
    return [...answers.map(outcomeOf), ...waiting].sort((a, b) => (a.id < b.id ? 1 : -1))
  }

  async outcome(id: string): Promise<Outcome | undefined> {
    return (await this.outcomes()).find((outcome) => outcome.id === id)
  }

  async ask(request: RootRequest): Promise<Outcome> {
    const busy = (await this.outcomes()).find((outcome) => isOpen(outcome) && wouldMeet(outcome, request))
    if (busy !== undefined) {
      throw new GatewayError("conflict", `${IN_WORDS[busy.kind]} is under way; wait for its end`)
    }
    const id = `${this.#nextNumber()}-${request.kind}`
    await writeDurably(join(this.#folder, `${id}.json`), JSON.stringify({ format: REQUEST_FORMAT, ...request }))
    this.#parts.log.info("asked root", { request: id })
    this.#open.set(id, "")
    return (await this.outcome(id)) ?? waitingAs(request.kind, id)
  }

  async receive(bundle: Readable, bytes: number): Promise<UploadedBundle> {
    const busy = (await this.outcomes()).find(
      (outcome) => isOpen(outcome) && ["check", "install"].includes(outcome.kind),
    )
    if (busy !== undefined) throw new GatewayError("conflict", `${IN_WORDS[busy.kind]} is under way; wait for its end`)
    return this.#uploads.receive(`u-${this.#nextNumber()}`, bundle, bytes)
  }

  bundle(): Promise<UploadedBundle | undefined> {
    return this.#uploads.current()
  }

  /** Finds what is not over yet, from before this start too. */
  async look(): Promise<void> {
    for (const outcome of await this.outcomes()) if (isOpen(outcome)) this.#open.set(outcome.id, "")
  }

  [Symbol.asyncDispose](): PromiseLike<void> {
    return this.#watch[Symbol.asyncDispose]()
  }

  async #tell(): Promise<void> {
    if (this.#open.size === 0) return
    const outcomes = new Map((await this.outcomes()).map((outcome) => [outcome.id, outcome]))
    for (const [id, seen] of this.#open) {
      const outcome = outcomes.get(id)
      const now = JSON.stringify(outcome)
      if (outcome !== undefined && now !== seen) this.#parts.onChange(outcome)
      if (outcome !== undefined && isOpen(outcome)) this.#open.set(id, now)
      else this.#open.delete(id)
    }
  }

  /** Sorts by time, and stays unique whatever the clock does. */
  #nextNumber(): number {
    this.#lastNumber = Math.max(this.#lastNumber + 1, this.#parts.clock.now())
    return this.#lastNumber
  }

  async #answers(): Promise<RootAnswer[]> {
    const folder = join(this.#parts.systemDirectory, "answers")
    const found = await Promise.all(
      (await namesIn(folder)).map((name) =>
        readJson(join(folder, name), rootAnswer).catch((error) => {
          // root forgets old answers while they are being read; anything else is told, and does not hide the others
          if (!isMissing(error))
            this.#parts.log.warn("an answer of root cannot be read", { name, reason: reasonOf(error) })
        }),
      ),
    )
    return found.filter((answer) => answer !== undefined)
  }

  async #waiting(): Promise<Outcome[]> {
    return (await namesIn(this.#folder)).flatMap((name) => waitingFor(name.slice(0, -".json".length)) ?? [])
  }
}

const IN_WORDS: Readonly<Record<Outcome["kind"], string>> = {
  check: "the check of a bundle",
  install: "the installation of an update",
  "roll-back": "the way back to the other version",
  "set-clock": "setting the clock",
  "set-network": "a change of the network",
  "confirm-network": "the confirmation of a change of the network",
  "factory-reset": "a factory reset",
  restart: "a restart",
}

function isOpen({ state }: Outcome): boolean {
  return state === "waiting" || state === "working"
}

/** Two of a kind never run at once; and what restarts the box runs alone. */
function wouldMeet(open: Outcome, { kind }: RootRequest): boolean {
  return open.kind === kind || ALONE.has(open.kind) || (ALONE.has(kind) && open.kind !== "check")
}

/** Undefined for a file that is no request of ours. */
function waitingFor(id: string): Outcome | undefined {
  const kind = REQUEST_KINDS.find((known) => new RegExp(`^\\d{1,15}-${known}$`).test(id))
  return kind && waitingAs(kind, id)
}

function waitingAs(kind: Outcome["kind"], id: string): Outcome {
  const at = new Date(Number.parseInt(id, 10)).toISOString()
  return { id, kind, state: "waiting", message: "The box has not taken the request yet.", at }
}

function outcomeOf({ format: _format, ...answer }: RootAnswer): Outcome {
  return answer
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return (await readdir(folder)).filter((name) => /^[a-z0-9-]{1,40}\.json$/.test(name))
  } catch (error) {
    if (isMissing(error)) return []
    throw error
  }
}

async function readJson<T>(path: string, schema: z.ZodType<T>): Promise<T> {
  return schema.parse(parseJson(await readFile(path, "utf8")))
}
