import assert from "node:assert/strict"
import { request } from "node:https"
import { afterEach, beforeEach, test } from "node:test"
import { setTimeout as sleep } from "node:timers/promises"
import { type Bench, openBench, PASSWORD, tls } from "./bench.ts"

let bench: Bench
const closing: (() => void)[] = []
beforeEach(async () => {
  bench = await openBench()
})
afterEach(async () => {
  for (const close of closing.splice(0)) close()
  await bench[Symbol.asyncDispose]()
})

interface Stream {
  readonly status: number
  readonly type: string
  text: string
  readonly ended: Promise<void>
  /** The data of every event so far, by kind. */
  of(kind: string): Record<string, unknown>[]
  ids(): string[]
  close(): void
}

function streamed(headers: Record<string, string>): Promise<Stream> {
  const { promise, resolve, reject } = Promise.withResolvers<Stream>()
  const options = {
    host: "127.0.0.1",
    port: bench.port,
    path: "/api/v1/events",
    ca: tls.certPem,
    servername: "localhost",
  }
  const asking = request({ ...options, headers, agent: false }, (response) => {
    const over = Promise.withResolvers<void>()
    const stream: Stream = {
      status: response.statusCode ?? 0,
      type: String(response.headers["content-type"]),
      text: "",
      ended: over.promise,
      of: (kind) =>
        [...stream.text.matchAll(new RegExp(`^event: ${kind}\\ndata: (.*)$`, "gm"))].map((match) =>
          JSON.parse(match[1]!),
        ),
      ids: () => [...stream.text.matchAll(/^id: (.*)$/gm)].map((match) => match[1]!),
      close: () => asking.destroy(),
    }
    response.on("data", (chunk: Buffer) => {
      stream.text += chunk.toString()
    })
    response.on("error", () => {})
    response.once("close", () => over.resolve())
    resolve(stream)
  })
  asking.on("error", reject)
  asking.end()
  closing.push(() => asking.destroy())
  return promise
}

const asUser = async (username: string, more: Record<string, string> = {}) =>
  streamed({ Authorization: `Bearer ${await bench.signIn(username)}`, ...more })

/** Waits for something to come over the wire; fails after two seconds. */
async function until(holds: () => boolean): Promise<void> {
  for (let i = 0; i < 200 && !holds(); i++) await sleep(10)
  assert.ok(holds())
}
const refusal = (name: string) => ({
  cause: "unknown-user" as const,
  sentence: "nobody knows it",
  name,
  address: "192.0.2.7",
})

test("what happens is told while it happens, to whoever may read it", async () => {
  const stream = await asUser("vera")
  assert.deepEqual([stream.status, stream.type], [200, "text/event-stream"])
  await until(() => stream.text.startsWith("retry: 2000\n\n"))
  const { door, health, events } = bench.gateway
  door.record(refusal("pump\n\nevent: forged"))
  health.raise("listener-closed", "port 8883")
  health.raise("listener-closed", "port 8883")
  health.clear("listener-closed")
  events.publish("client-connected", "/clients", { clientId: "p1", username: "pump" })
  await bench.directory.change((draft) => void draft.users.delete("valve"))
  await until(() => stream.of("users-changed").length === 1)
  assert.deepEqual(stream.of("users-changed")[0]?.usernames, ["valve"])
  assert.equal(stream.of("refused")[0]?.name, "pump??event: forged")
  assert.deepEqual([stream.of("alarm-raised").length, stream.of("alarm-cleared").length], [1, 1])
  assert.equal(stream.of("client-connected")[0]?.username, "pump")
  assert.equal(new Set(stream.ids()).size, 5)
  assert.doesNotMatch(stream.text, /argon2|hash/)
})

test("what one may not read is not told", async () => {
  await bench.directory.change((draft) => {
    const permissions = [{ context: "http", operation: "read", resource: "/clients/#" } as const]
    draft.users.set("vera", { ...draft.users.get("vera")!, roles: [], permissions })
  })
  const stream = await asUser("vera")
  bench.gateway.door.record(refusal("pump"))
  bench.gateway.health.raise("listener-closed", "x")
  await bench.directory.change((draft) => void draft.users.delete("valve"))
  bench.gateway.events.publish("client-connected", "/clients", { clientId: "p1" })
  await until(() => stream.of("client-connected").length === 1)
  assert.equal(stream.ids().length, 1)
})

test("who was away a moment is told what it missed, once and in order", async () => {
  const first = await asUser("vera")
  bench.gateway.door.record(refusal("one"))
  await until(() => first.ids().length === 1)
  first.close()
  bench.gateway.door.record(refusal("two"))
  bench.gateway.door.record(refusal("three"))
  const second = await asUser("vera", { "Last-Event-ID": first.ids()[0]! })
  await until(() => second.ids().length === 2)
  assert.deepEqual(
    second.of("refused").map(({ name }) => name),
    ["two", "three"],
  )
})

test("who was away too long, or comes with an id of another process, is told to look anew", async () => {
  const stream = await asUser("vera")
  bench.gateway.door.record(refusal("one"))
  await until(() => stream.ids().length === 1)
  bench.gateway.door.record(refusal("two"))
  bench.clock.advance(15 * 60_000 + 1)
  for (const id of [stream.ids()[0]!, "00000000-1", "x", `${stream.ids()[0]}0000`, "-1", "NaN"]) {
    const other = await asUser("vera", { "Last-Event-ID": id })
    await until(() => other.of("gap").length === 1)
    other.close()
  }
})

test("a flood is told in short, and the rest is counted", async () => {
  const stream = await asUser("vera")
  for (let i = 0; i < 5000; i++) bench.gateway.door.record(refusal(`n${i}`))
  await until(() => stream.of("skipped").length === 1)
  assert.equal(stream.of("refused").length, 50)
  assert.deepEqual([stream.of("skipped")[0]?.kind, stream.of("skipped")[0]?.count], ["refused", 4950])
})

test("it ends within two seconds of its token, its session, its user, and its user's rights are those of the moment", async () => {
  const [token, spare] = [await bench.signIn("vera"), await bench.signIn("anna")]
  const json = { username: "tom", password: PASSWORD }
  const signedIn = await bench.ask("POST", "/api/v1/session", { json, headers: { "Sec-Fetch-Site": "same-origin" } })
  const cookie = String(signedIn.headers["set-cookie"]).split(";")[0]!
  const streams = [
    await streamed({ Authorization: `Bearer ${token}` }),
    await streamed({ Cookie: cookie }),
    await asUser("anna"),
  ]
  const demoted = await asUser("anna")
  const start = performance.now()
  await bench.ask("DELETE", "/api/v1/tokens/current", { token })
  await bench.ask("DELETE", "/api/v1/session", { headers: { Cookie: cookie, "Sec-Fetch-Site": "same-origin" } })
  await Promise.all([streams[0]?.ended, streams[1]?.ended])
  await bench.directory.change((draft) => {
    draft.users.set("zoe", { ...draft.users.get("anna")!, username: "zoe" })
    draft.users.set("anna", { ...draft.users.get("anna")!, enabled: false })
  })
  await Promise.all([streams[2]?.ended, demoted.ended])
  assert.ok(performance.now() - start < 4000)
  assert.equal((await bench.ask("GET", "/api/v1/status", { token: spare })).status, 401)
})

test("looking on is no activity: an idle session ends with its stream open", async () => {
  const json = { username: "vera", password: PASSWORD }
  const signedIn = await bench.ask("POST", "/api/v1/session", { json, headers: { "Sec-Fetch-Site": "same-origin" } })
  const stream = await streamed({ Cookie: String(signedIn.headers["set-cookie"]).split(";")[0]! })
  bench.clock.advance(15 * 60_000 - 1)
  await sleep(1100)
  bench.clock.advance(1)
  await stream.ended
})

test("one user's streams are bounded, and leave room for another's", async () => {
  const token = await bench.signIn("vera")
  const open = async () => (await streamed({ Authorization: `Bearer ${token}` })).status
  const statuses: number[] = []
  for (let i = 0; i < 11; i++) statuses.push(await open())
  assert.deepEqual(statuses, [...Array(10).fill(200), 503])
  assert.equal((await asUser("anna")).status, 200)
})

test("strangers get none, not even by a token in the address; HEAD does not hang", async () => {
  const token = await bench.signIn("vera")
  assert.equal((await bench.ask("GET", "/api/v1/events")).status, 401)
  assert.equal((await bench.ask("GET", `/api/v1/events?access_token=${token}`)).status, 401)
  assert.equal((await bench.ask("HEAD", "/api/v1/events", { token })).status, 200)
})

test("the gateway stops at once with streams open", async () => {
  const other = await openBench()
  const token = await other.signIn("vera")
  const asking = request({
    host: "127.0.0.1",
    port: other.port,
    path: "/api/v1/events",
    ca: tls.certPem,
    servername: "localhost",
    headers: { Authorization: `Bearer ${token}`, Connection: "close" },
  })
  asking.on("error", () => {})
  asking.end()
  await new Promise((resolve) => asking.once("response", (response) => resolve(response.resume())))
  const start = performance.now()
  await other[Symbol.asyncDispose]()
  assert.ok(performance.now() - start < 900)
})
