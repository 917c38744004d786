import assert from "node:assert/strict"
import { execFileSync } from "node:child_process"
import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { test } from "node:test"
import { z } from "zod"
import { openDocument } from "../../../service/store/document.ts"
import { folderOf, modeOf } from "./folder.ts"
import { onFullDisk } from "./full-disk.ts"

const SCHEMA = z.strictObject({ count: z.int(), users: z.array(z.strictObject({ name: z.string() })) })
type Value = z.output<typeof SCHEMA>
const EMPTY: Value = { count: 0, users: [] }

const open = (path: string) =>
  openDocument<Value>({ path, schema: SCHEMA, initial: () => EMPTY, format: "gatehouse-test/2" })
const counted = ({ count, users }: Value): Value => ({ count: count + 1, users })

test("a new document has its initial value and writes nothing before the first update", async (t) => {
  const folder = folderOf(t)
  const path = join(folder, "it's.json")
  const document = await open(path)
  assert.deepEqual(document.value, EMPTY)
  assert.deepEqual(readdirSync(folder), [])
  await document.update((value) => value)
  assert.ok(existsSync(path), "an update that changes nothing makes it known that there was one")
})

test("an update is on the disk when it resolves, and there at the next start", async (t) => {
  const path = join(folderOf(t), "document.json")
  process.umask(0)
  const document = await open(path)
  const value = await document.update(({ count }) => ({ count: count + 1, users: [{ name: "pümp\u2028" }] }))
  assert.deepEqual(value, { count: 1, users: [{ name: "pümp\u2028" }] })
  assert.equal(document.value, value)
  assert.deepEqual((await open(path)).value, value)
  assert.equal(modeOf(path), 0o600)
})

test("every element of a list stands on its own line, and the bytes depend on the value alone", async (t) => {
  const path = join(folderOf(t), "document.json")
  const document = await open(path)
  await document.update(() => ({ count: 1, users: [{ name: "a" }, { name: "b" }] }))
  const text = '{"format":"gatehouse-test/2","value":{\n"count":1,\n"users":[\n{"name":"a"},\n{"name":"b"}\n]\n}}\n'
  assert.equal(readFileSync(path, "utf8"), text)
  await document.update(counted)
  await document.update(({ users }) => ({ count: 1, users }))
  assert.equal(readFileSync(path, "utf8"), text)
})

test("a record is laid out like a list, whatever its keys and values", async (t) => {
  const path = join(folderOf(t), "document.json")
  const schema = z.looseObject({})
  const value = { by: { "a\nb": { x: [1] }, c: null }, empty: {}, none: [], text: "x", nested: [[], {}, null, true] }
  const options = { path, schema, initial: () => ({}), format: "any/1" }
  await (await openDocument(options)).update(() => ({ ...value, gone: undefined }))
  assert.deepEqual((await openDocument(options)).value, value)
})

test("a hundred updates at once end in order and share few writes", async (t) => {
  const folder = folderOf(t)
  const path = join(folder, "document.json")
  const document = await open(path)
  await document.update(counted)
  const numbers = Array.from({ length: 100 }, (_, number) => number)
  const inodes = new Set<number>()
  const outcomes = await Promise.all(
    numbers.map(async (number) => {
      if (number >= 50) await new Promise(setImmediate)
      const outcome = await document.update(({ count, users }) => ({
        count,
        users: [...users, { name: String(number) }],
      }))
      inodes.add(statSync(path).ino)
      return outcome.users.length
    }),
  )
  assert.deepEqual(
    outcomes,
    numbers.map((number) => number + 1),
  )
  assert.deepEqual(
    document.value.users.map((user) => Number(user.name)),
    numbers,
  )
  assert.ok(inodes.size <= 3, `${inodes.size} writes`)
  assert.equal(modeOf(`${path}.previous`), 0o600)
})

test("a change that throws is never made and does not disturb those that share its write", async (t) => {
  const document = await open(join(folderOf(t), "document.json"))
  const refusal = new Error("no")
  const outcomes = await Promise.allSettled([
    document.update(counted),
    document.update(() => {
      throw refusal
    }),
    document.update(counted),
  ])
  assert.deepEqual(
    outcomes.map((outcome) => (outcome.status === "fulfilled" ? outcome.value.count : outcome.reason)),
    [1, refusal, 2],
  )
  assert.equal(document.value.count, 2)
})

test("when the disk fails, every update of that write rejects, memory stays, and a later one succeeds", async (t) => {
  const folder = folderOf(t)
  const path = join(folder, "document.json")
  const document = await open(path)
  await document.update(counted)
  const large = { name: "x".repeat(10_000) }
  const outcomes = await onFullDisk(4096, () =>
    Promise.allSettled([
      document.update(counted),
      document.update(({ count }) => ({ count, users: [large] })),
      document.update(counted),
    ]),
  )
  for (const outcome of outcomes) {
    assert.ok(outcome.status === "rejected")
    assert.equal(outcome.reason.code, "disk-failed")
  }
  assert.deepEqual(document.value, { count: 1, users: [] })
  assert.deepEqual((await open(path)).value, { count: 1, users: [] })
  assert.deepEqual(readdirSync(folder), ["document.json"])
  assert.equal((await document.update(counted)).count, 2)
})

const DAMAGE: readonly (readonly [string, string | Buffer, RegExp])[] = [
  ["empty", "", /it is empty/],
  ["filled with zeros", Buffer.alloc(64), /stops being JSON at line 1, column 1/],
  ["torn", '{"format":"gatehouse-test/2","value":{\n"count":1,', /line 2, column 11, where it ends too early/],
  [
    "broken in the middle",
    '{"format":"gatehouse-test/2",\n"value":{"count":1 "password":"geheim"}}',
    /line 2, column 20/,
  ],
  ["not UTF-8", Buffer.from([0x22, 0xff, 0x22]), /it is not UTF-8/],
  ["of nobody", '{"count":1}', /not a document of the gateway/],
  ["of another kind", '{"format":"gatehouse-roles/2","value":{}}', /of the format "gatehouse-roles\/2"/],
  ["newer", '{"format":"gatehouse-test/3","value":{}}', /written by a newer version of the gateway/],
  ["older", '{"format":"gatehouse-test/1","value":{}}', /written by another version of the gateway/],
  [
    "not valid",
    '{"format":"gatehouse-test/2","value":{"count":1,"users":[{"name":"a"},{"name":5}]}}',
    /content is not valid \(users\.1\.name: /,
  ],
]

for (const [state, bytes, problem] of DAMAGE) {
  test(`a document that is ${state} stops the start, stays as it is, and the message leads back`, async (t) => {
    const path = join(folderOf(t), "it's a document.json")
    const document = await open(path)
    await document.update(counted)
    await document.update(counted)
    writeFileSync(path, bytes)
    const failure = await open(path).catch((error: unknown) => error)
    assert.ok(failure instanceof Error && "code" in failure && failure.code === "document-damaged")
    assert.match(failure.message, problem)
    assert.doesNotMatch(failure.message, /geheim/)
    assert.deepEqual(readFileSync(path), Buffer.from(bytes))
    execFileSync("sh", ["-c", commandIn(failure.message)])
    assert.equal((await open(path)).value.count, 1)
    assert.equal(modeOf(path), 0o600)
  })
}

function commandIn(message: string): string {
  const command = /cp -p .*$/.exec(message)?.[0]
  assert.ok(command !== undefined, message)
  return command
}

test("a document that is missing beside its previous generation is no fresh start", async (t) => {
  const path = join(folderOf(t), "document.json")
  const document = await open(path)
  await document.update(counted)
  await document.update(counted)
  rmSync(path)
  const failure = await open(path).catch((error: unknown) => error)
  assert.ok(failure instanceof Error && "code" in failure && failure.code === "document-damaged")
  execFileSync("sh", ["-c", commandIn(failure.message)])
  assert.equal((await open(path)).value.count, 1)
})

test("when the previous generation is damaged too, the message sends to the backup", async (t) => {
  const path = join(folderOf(t), "document.json")
  writeFileSync(path, "{")
  await assert.rejects(open(path), { message: /previous generation cannot be read either \(it is missing\).*backup/ })
  writeFileSync(`${path}.previous`, "")
  await assert.rejects(open(path), {
    message: /cannot be read either \(it is empty\), so restore the file from a backup/,
  })
})

test("an update of 10,000 users costs well under 100 ms of CPU", async (t) => {
  const schema = z.strictObject({ users: z.array(z.looseObject({})) })
  const path = join(folderOf(t), "document.json")
  const document = await openDocument({ path, schema, initial: () => ({ users: [] }), format: "users/1" })
  const users = Array.from({ length: 10_000 }, (_, number) => ({
    name: `device-${number}`,
    grant: { password: { hash: "0".repeat(86), salt: "0".repeat(22), memory: 19_456, passes: 2 } },
    roles: ["device"],
    permissions: [{ context: "mqtt", operation: "readWrite", resource: `plant/${number}/#` }],
    note: "",
  }))
  await document.update(() => ({ users }))
  const costs: number[] = []
  for (let round = 0; round < 5; round += 1) {
    const before = process.cpuUsage()
    await document.update((value) => ({ users: [...value.users] }))
    const { user, system } = process.cpuUsage(before)
    costs.push((user + system) / 1000)
  }
  t.diagnostic(`${Math.min(...costs).toFixed(1)} to ${Math.max(...costs).toFixed(1)} ms, ${statSync(path).size} bytes`)
  assert.ok(Math.min(...costs) < 100)
})
