import assert from "node:assert/strict"
import { existsSync, readdirSync } from "node:fs"
import { open, readFile, rm, truncate, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { DatabaseSync } from "node:sqlite"
import { describe, it } from "node:test"
import { Box, texts } from "./box.ts"

/** A box that has stopped, with a session that is owed these messages, and one retained message. */
async function stopped(payloads: readonly string[]): Promise<{ box: Box; folder: string; file: string }> {
  const box = await Box.open()
  const subscriber = await box.client({ id: "s" })
  await subscriber.subscribe({ topic: "a", qos: 1 })
  await subscriber.leave()
  const publisher = await box.client({ id: "p" })
  for (const payload of payloads) await publisher.publish("a", payload)
  await publisher.publish("kept", "still here", { retain: true })
  await box.gateway.stop()
  const folder = join(box.place.state, "broker")
  return { box, folder, file: join(folder, "sessions.db") }
}

async function damageDetail(box: Box): Promise<string> {
  await box.signIn()
  const { alarms } = await box.api.get("/status")
  return alarms.find((alarm: { condition: string }) => alarm.condition === "store-damaged")?.detail ?? ""
}

async function overwrite(file: string, at: number, bytes: Buffer): Promise<void> {
  await using handle = await open(file, "r+")
  await handle.write(bytes, 0, bytes.length, at)
}

const PAYLOADS = Array.from({ length: 200 }, (_, i) => `message ${i} `.padEnd(200, "x"))

describe("a session store that is not whole", { concurrency: 2 }, () => {
  it("with a flipped byte in one message delivers all others, and says which session misses one", async () => {
    const { box, file } = await stopped(PAYLOADS)
    await using _box = box
    const at = (await readFile(file)).indexOf("message 77 xxx")
    await overwrite(file, at + 20, Buffer.from("!"))
    await box.start()
    const back = await box.client({ id: "s" })
    const messages = texts(await back.take(199))
    assert.deepEqual(
      messages,
      PAYLOADS.filter((payload) => !payload.startsWith("message 77 ")),
    )
    await back.quiet()
    assert.match(await damageDetail(box), /a message that waited for session \d+/)
    const database = new DatabaseSync(file, { readOnly: true })
    assert.equal(database.prepare("SELECT count(*) AS count FROM aside").get()?.count, 1, "it lies aside")
    database.close()
  })

  it("with a page destroyed carries over the rest, keeps the damaged file, and names it", async () => {
    const { box, file, folder } = await stopped(PAYLOADS)
    await using _box = box
    const at = (await readFile(file)).indexOf("message 77 xxx")
    await overwrite(file, at - (at % 4096), Buffer.alloc(4096, 0xee))
    await box.start()
    const back = await box.client({ id: "s" })
    assert.equal(back.connack?.sessionPresent, true)
    const messages = texts(await back.take(160))
    assert.deepEqual(
      messages.map((text) => PAYLOADS.indexOf(text)).toSorted((a, b) => a - b),
      messages.map((text) => PAYLOADS.indexOf(text)),
      "what is left comes in order",
    )
    const other = await box.client({ id: "other" })
    await other.subscribe({ topic: "kept", qos: 0 })
    assert.deepEqual(await other.texts(1), ["still here"])
    const detail = await damageDetail(box)
    const aside = readdirSync(folder).find((name) => name.includes(".damaged-"))
    assert.ok(aside !== undefined && detail.includes(aside), detail)
  })

  for (const [name, harm] of [
    ["that is no database at all", (file: string) => writeFile(file, "nonsense".repeat(1000))],
    ["that was cut off", (file: string) => truncate(file, 5000)],
    ["of a newer format", async (file: string) => new DatabaseSync(file).exec("PRAGMA user_version = 99")],
  ] as const) {
    it(`${name} is set aside and named; the gateway starts and works`, async () => {
      const { box, file, folder } = await stopped(["one"])
      await using _box = box
      await harm(file)
      await box.start()
      const aside = readdirSync(folder).find((found) => /\.(damaged|newer)-/.test(found))
      assert.ok(aside !== undefined, readdirSync(folder).join())
      assert.ok((await damageDetail(box)).includes(aside))
      const client = await box.client({ id: "s" })
      await client.subscribe({ topic: "a", qos: 1 })
      await client.vanish()
      assert.equal(await (await box.client({ id: "p" })).publish("a", "new"), 0)
      await box.crash()
      assert.deepEqual(texts(await (await box.client({ id: "s" })).take(1)), ["new"])
      assert.equal(await damageDetail(box), "", "the next start finds everything whole")
    })
  }

  it("that is missing begins anew", async () => {
    const { box, file } = await stopped(["one"])
    await using _box = box
    await rm(file)
    await box.start()
    assert.equal((await box.client({ id: "s" })).connack?.sessionPresent, false)
    assert.ok(existsSync(file))
  })

  it("whose journal ends torn keeps everything before that, and a copy of the journal", async () => {
    const { box, file, folder } = await stopped([])
    await using _box = box
    await box.start()
    const publisher = await box.client({ id: "p" })
    for (let i = 0; i < 20; i++) await publisher.publish("a", `${i}`)
    await box.gateway.stop("SIGKILL")
    const { length } = await readFile(`${file}-wal`)
    await overwrite(`${file}-wal`, length - 1000, Buffer.alloc(500, 0xee))
    await box.start()
    const messages = texts(await (await box.client({ id: "s" })).take(18))
    assert.deepEqual(
      messages,
      Array.from({ length: 18 }, (_, i) => `${i}`),
    )
    assert.match(await damageDetail(box), /torn/)
    assert.ok(readdirSync(folder).some((name) => name.includes(".torn-")))
  })
})
