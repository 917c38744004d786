import assert from "node:assert/strict"
import { cp } from "node:fs/promises"
import { GatewayProcess, Place, type SpawnOptions } from "../../support/process.ts"

export interface Refusal {
  readonly code: string
  readonly reason: string
}

/** The priorities of journald say which lines are errors. */
const UNDER_SYSTEMD = { JOURNAL_STREAM: "8:1" }

/** Starts a gateway that must refuse: exit code 1, one error line, in words, and nothing else but what went well before. */
export async function refusalOf(place: Place, options: SpawnOptions = {}): Promise<Refusal> {
  await using gateway = place.spawn({ ...options, env: { ...UNDER_SYSTEMD, ...options.env } })
  return await refused(gateway)
}

export async function refused(gateway: GatewayProcess): Promise<Refusal> {
  const { code, signal } = await gateway.ended
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

/** A gateway's place with the state of one that was taken into service. */
export class Template implements AsyncDisposable {
  readonly #place: Place

  private constructor(place: Place) {
    this.#place = place
  }

  static async make(bootstrap: Readonly<Record<string, unknown>> = {}): Promise<Template> {
    const place = await Place.make()
    await using gateway = await place.startClaimed(bootstrap)
    assert.equal((await gateway.stop()).code, 0, gateway.printed)
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
