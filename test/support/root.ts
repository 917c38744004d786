import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { ANSWER_FORMAT, STATUS_FORMAT } from "../../service/appliance.ts"

const STATUS = {
  ...{ format: STATUS_FORMAT, version: "0.1.0", compatible: "gatehouse-arm64", slot: "A", trial: false },
  ...{ floor: "0.1.0", id: "5f0c22aa", other: { slot: "B", version: "0.0.9", canRollBack: true } },
  expectedDowntimeSeconds: 70,
}

/** Root's side of docs/root-requests.md, played by hand: takes requests from the folder and answers as it is told. */
export class Root {
  readonly directory: string
  readonly #requests: string

  constructor(stateDirectory: string, directory: string) {
    this.directory = directory
    this.#requests = join(stateDirectory, "requests")
    mkdirSync(join(directory, "answers"), { recursive: true })
    this.say(STATUS)
  }

  say(status: object): void {
    writeWhole(join(this.directory, "status.json"), status)
  }

  waiting(): string[] {
    return readdirSync(this.#requests).filter((name) => name.endsWith(".json"))
  }

  /** The oldest request, which is gone from the folder with that. */
  take(): { readonly id: string; readonly request: Record<string, unknown> } {
    const [name = ""] = this.waiting().sort()
    const request = JSON.parse(readFileSync(join(this.#requests, name), "utf8"))
    rmSync(join(this.#requests, name))
    return { id: name.slice(0, -".json".length), request }
  }

  /** The id of the latest answer of that kind. */
  idOf(kind: string): string {
    const ids = readdirSync(join(this.directory, "answers")).map((name) => name.replace(/\.json$/, ""))
    return (
      ids
        .filter((id) => id.endsWith(`-${kind}`))
        .sort()
        .at(-1) ?? ""
    )
  }

  answer(id: string, kind: unknown, more: object): void {
    const answer = { format: ANSWER_FORMAT, id, kind, message: "As asked.", at: "2026-11-28T03:00:00.000Z", ...more }
    writeWhole(join(this.directory, "answers", `${id}.json`), answer)
  }
}

function writeWhole(path: string, value: object): void {
  writeFileSync(`${path}.tmp`, JSON.stringify(value))
  renameSync(`${path}.tmp`, path)
}
