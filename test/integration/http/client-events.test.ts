import assert from "node:assert/strict"
import { once } from "node:events"
import type { ClientRequest, IncomingMessage } from "node:http"
import { request } from "node:https"
import { describe, it } from "node:test"
import { connectJs } from "../../support/clients.ts"
import { startTestGateway, type TestGateway } from "../../support/gateway.ts"

const METER = { username: "meter", password: "meter secret 1" }
const user = (username: string, password: string, more: object) => ({
  ...{ username, grant: { kind: "password", password } },
  ...more,
})
const bootstrap = { users: [user(METER.username, METER.password, { roles: ["device"] })] }

interface Told {
  readonly kind: string
  readonly data: Record<string, unknown>
}

/** The event stream of the real gateway, read as a page would. */
class Stream implements Disposable {
  readonly #asking: ClientRequest
  readonly #told: Told[] = []
  /** Kinds of the events that nobody waited for. */
  readonly passed: string[] = []
  #waiting = Promise.withResolvers<void>()

  private constructor(asking: ClientRequest, answer: IncomingMessage) {
    this.#asking = asking
    let text = ""
    answer.on("error", () => {})
    answer.setEncoding("utf8").on("data", (chunk: string) => {
      const frames = `${text}${chunk}`.split("\n\n")
      text = frames.pop() ?? ""
      for (const frame of frames) this.#take(frame)
    })
  }

  static async open(gateway: TestGateway, token = gateway.api.token): Promise<Stream> {
    const options = { host: "127.0.0.1", port: gateway.port("https"), path: "/api/v1/events", agent: false as const }
    const asking = request({ ...options, headers: { authorization: `Bearer ${token}` }, rejectUnauthorized: false })
    asking.end()
    const [answer] = (await once(asking, "response")) as [IncomingMessage]
    assert.equal(answer.statusCode, 200)
    return new Stream(asking, answer)
  }

  /** The next event of this kind; earlier ones of other kinds are passed over. */
  async next(kind: string): Promise<Told["data"]> {
    for (;;) {
      const told = this.#told.shift()
      if (told?.kind === kind) return told.data
      if (told === undefined) await this.#waiting.promise
      else this.passed.push(told.kind)
    }
  }

  #take(frame: string): void {
    const [, kind = "", data = ""] = /^event: (.+)\ndata: (.+)$/m.exec(frame) ?? []
    if (kind === "") return
    this.#told.push({ kind, data: JSON.parse(data) })
    this.#waiting.resolve()
    this.#waiting = Promise.withResolvers()
  }

  [Symbol.dispose](): void {
    this.#asking.destroy()
  }
}

describe("a client that comes and goes", () => {
  it("is told of on the event stream, with its identifier, user and address", async () => {
    await using gateway = await startTestGateway({ bootstrap })
    using stream = await Stream.open(gateway)
    const url = `mqtt://127.0.0.1:${gateway.port("mqtt")}`
    const { client } = await connectJs(url, { ...METER, clientId: "meter" })
    assert.ok(client)
    const { at, ...connected } = await stream.next("client-connected")
    assert.ok(Math.abs(Date.parse(String(at)) - Date.now()) < 60_000)
    assert.deepEqual(connected, { clientId: "meter", username: "meter", address: "127.0.0.1" })
    await client.endAsync()
    const { at: _, ...gone } = await stream.next("client-disconnected")
    const ended = { cause: "closed", detail: "the client said goodbye" }
    assert.deepEqual(gone, { clientId: "meter", username: "meter", address: "127.0.0.1", ...ended })
  })

  it("is told of when it is thrown out too, and never with an identifier that turns the line around", async () => {
    await using gateway = await startTestGateway({ bootstrap })
    using stream = await Stream.open(gateway)
    const url = `mqtt://127.0.0.1:${gateway.port("mqtt")}`
    const { client } = await connectJs(url, { ...METER, clientId: "a\u202eb" })
    assert.ok(client)
    assert.ok(!String((await stream.next("client-connected")).clientId).includes("\u202e"))
    await gateway.api.patch("/users/meter", { enabled: false })
    assert.equal((await stream.next("client-disconnected")).username, "meter")
    client.end(true)
  })

  it("is told of only to those who may see clients", async () => {
    const usersOnly = [{ context: "http", operation: "read", resource: "/users/#" }]
    const people = [user("peter", "a long password 1", { permissions: usersOnly })]
    await using gateway = await startTestGateway({ bootstrap: { users: [...bootstrap.users, ...people] } })
    const signedIn = await gateway.api.post("/tokens", { username: "peter", password: "a long password 1" })
    using stream = await Stream.open(gateway, signedIn.token)
    const { client } = await connectJs(`mqtt://127.0.0.1:${gateway.port("mqtt")}`, { ...METER, clientId: "meter" })
    await client?.endAsync()
    await gateway.api.patch("/users/meter", { note: "seen by peter" })
    assert.deepEqual((await stream.next("users-changed")).usernames, ["meter"])
    assert.deepEqual(stream.passed, [])
  })
})
