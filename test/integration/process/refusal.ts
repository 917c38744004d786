import assert from "node:assert/strict"
import { execFile } from "node:child_process"
import { cp } from "node:fs/promises"
import { promisify } from "node:util"
import { systemClock } from "../../../service/clock.ts"
import { loadConfig } from "../../../service/config.ts"
import { GatewayError, reasonOf } from "../../../service/errors.ts"
import { type Gateway, startGateway } from "../../../service/gateway.ts"
import { silentLog } from "../../../service/log.ts"
import { Api } from "../../support/api.ts"
import { ADMIN } from "../../support/gateway.ts"
import { type GatewayProcess, Place, type SpawnOptions } from "../../support/process.ts"

export interface Refusal {
  readonly code: string
  readonly reason: string
}

/** As under systemd, whose journal reads each line's priority from a prefix: so it is known which are errors. */
const JOURNAL = ["sh", "-c", 'JOURNAL_STREAM=$(stat -L -c %d:%i /proc/self/fd/2) exec "$@"', "sh"] as const

/** Starts a gateway that must refuse: exit code 1, one error line, in words, and nothing else but what went well before. */
export async function refusalOf(place: Place, options: SpawnOptions = {}): Promise<Refusal> {
  await using gateway = place.spawn({ ...options, through: [...JOURNAL, ...(options.through ?? [])] })
  return await refused(gateway)
}

async function refused(gateway: GatewayProcess): Promise<Refusal> {
  const { code, signal } = await gateway.end(10_000)
  assert.deepEqual({ code, signal }, { code: 1, signal: null }, gateway.printed)
  assert.equal(gateway.out, "", "nothing is told as if it were up")
  const lines = gateway.err.trimEnd().split("\n")
  const grave = lines.filter((line) => !line.startsWith("<6>"))
  assert.equal(grave.length, 1, gateway.err)
  const parts = /^<3>gateway failed code=(\S+) reason=(".+")$/.exec(grave[0] ?? "")
  assert.ok(parts?.[1] !== undefined && parts[2] !== undefined, gateway.err)
  assert.notEqual(parts[1], "internal", gateway.err)
  return { code: parts[1], reason: JSON.parse(parts[2]) as string }
}

/** The same in this very process, which is quicker: what `startGateway` rejects with. */
export async function refusalHere(place: Place, ...args: string[]): Promise<Refusal> {
  try {
    await using _here = await startHere(place, ...args)
  } catch (error) {
    if (error instanceof GatewayError) return { code: error.code, reason: reasonOf(error) }
    throw error
  }
  throw new assert.AssertionError({ message: "the gateway started" })
}

/** A gateway in this very process, and its API. */
export interface Here extends AsyncDisposable {
  readonly gateway: Gateway
  readonly api: Api
}

export async function startHere(place: Place, ...args: string[]): Promise<Here> {
  const config = await loadConfig({}, ["--config", place.config, ...args])
  const gateway = await startGateway(config, {}, systemClock, silentLog)
  const page = gateway.listeners.find(({ name }) => name === "https")
  return { gateway, api: new Api(page?.port ?? 0), [Symbol.asyncDispose]: () => gateway[Symbol.asyncDispose]() }
}

/** A gateway's place with the state of one that was taken into service. */
export class Template implements AsyncDisposable {
  readonly #place: Place

  private constructor(place: Place) {
    this.#place = place
  }

  static async make(fill: (api: Api, folder: string) => Promise<unknown> = async () => {}): Promise<Template> {
    const place = await Place.make()
    await place.configure({ bootstrap: place.bootstrap })
    await place.writeBootstrap()
    await using here = await startHere(place)
    await here.api.signIn(ADMIN.username, ADMIN.password)
    await fill(here.api, place.folder)
    return new Template(place)
  }

  async copy(config: Readonly<Record<string, unknown>> = {}): Promise<Place> {
    const place = await Place.make(config)
    await cp(this.#place.state, place.state, { recursive: true, preserveTimestamps: true })
    return place
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#place[Symbol.asyncDispose]()
  }
}

/** Runs what a message told a person to run. */
export async function sh(command: string): Promise<string> {
  return (await promisify(execFile)("sh", ["-c", command])).stdout
}
