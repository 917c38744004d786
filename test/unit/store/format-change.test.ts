import assert from "node:assert/strict"
import { readdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { test } from "node:test"
import { z } from "zod"
import { openDocument } from "../../../service/store/document.ts"
import { folderOf, modeOf } from "./folder.ts"
import { onFullDisk } from "./full-disk.ts"

const FIRST = { format: "test/1", schema: z.strictObject({ name: z.string() }) }
const SECOND = { format: "test/2", schema: z.strictObject({ names: z.array(z.string()) }) }
const THIRD = { format: "test/3", schema: z.strictObject({ names: z.array(z.string()), count: z.int() }) }
const toSecond = { ...FIRST, raise: ({ name }: { name: string }) => ({ names: [name] }) }
const toThird = { ...SECOND, raise: ({ names }: { names: string[] }) => ({ names, count: names.length }) }

/** The document as three versions of the gateway open it. */
function versionsOf(path: string, told: string[] = []) {
  const onReverted = (what: string) => told.push(what)
  return {
    first: () => openDocument({ path, ...FIRST, initial: () => ({ name: "a" }), onReverted }),
    second: () =>
      openDocument({ path, ...SECOND, earlier: [toSecond], initial: () => ({ names: [] as string[] }), onReverted }),
    third: () =>
      openDocument({
        ...{ path, ...THIRD, earlier: [toSecond, toThird], onReverted },
        initial: () => ({ names: [] as string[], count: 0 }),
      }),
  }
}

test("a newer version goes on with what the one before wrote, and changes nothing by reading", async (t) => {
  const folder = folderOf(t)
  const { first, second, third } = versionsOf(join(folder, "d.json"))
  await (await first()).update(() => ({ name: "pump" }))
  const before = readdirSync(folder)
  assert.deepEqual((await second()).value, { names: ["pump"] })
  assert.deepEqual((await third()).value, { names: ["pump"], count: 1 })
  assert.deepEqual(readdirSync(folder), before)
  assert.deepEqual((await first()).value, { name: "pump" }, "the old version still reads it")
})

test("a fallback finds the state from before the newer version's first write; the way forward works again", async (t) => {
  const folder = folderOf(t)
  const path = join(folder, "d.json")
  const told: string[] = []
  const { first, second } = versionsOf(path, told)
  await (await first()).update(() => ({ name: "pump" }))
  await (await second()).update(({ names }) => ({ names: [...names, "valve"] }))
  assert.equal(modeOf(`${path}.test-1`), 0o600)
  const back = await first()
  assert.deepEqual(back.value, { name: "pump" })
  assert.match(told.join(), /as it was before a newer version changed it; that one's is in .*d\.json\.test-2/)
  assert.match(readFileSync(`${path}.test-2`, "utf8"), /valve/)
  await back.update(() => ({ name: "fan" }))
  assert.deepEqual((await first()).value, { name: "fan" })
  assert.deepEqual((await second()).value, { names: ["fan"] }, "what the old version did meanwhile is not lost")
  await (await second()).update(({ names }) => ({ names }))
  assert.deepEqual((await first()).value, { name: "fan" })
})

test("over two versions at once, and from a document of a much newer one", async (t) => {
  const { first, third } = versionsOf(join(folderOf(t), "d.json"))
  await (await first()).update(() => ({ name: "pump" }))
  await (await third()).update(({ names }) => ({ names, count: 7 }))
  assert.deepEqual((await first()).value, { name: "pump" })
})

test("without what was kept, or with that damaged, the start is refused and nothing is touched", async (t) => {
  const folder = folderOf(t)
  const path = join(folder, "d.json")
  const { first, second } = versionsOf(path)
  await (await second()).update(() => ({ names: ["x"] }))
  const newer = readFileSync(path, "utf8")
  await assert.rejects(first(), { code: "document-damaged", message: /newer version of the gateway/ })
  writeFileSync(`${path}.test-1`, '{"format":"test/1","value":')
  await assert.rejects(first(), { code: "document-damaged", message: /newer version of the gateway/ })
  assert.equal(readFileSync(path, "utf8"), newer)
})

test("when the old document cannot be kept the new one is not written", async (t) => {
  const path = join(folderOf(t), "d.json")
  const { first, second } = versionsOf(path)
  await (await first()).update(() => ({ name: "pump".repeat(100) }))
  const newer = await second()
  await onFullDisk(10, () =>
    assert.rejects(
      newer.update(() => ({ names: [] })),
      { code: "disk-failed" },
    ),
  )
  assert.deepEqual((await first()).value, { name: "pump".repeat(100) })
  await newer.update(() => ({ names: [] }))
  assert.deepEqual((await first()).value, { name: "pump".repeat(100) })
})

test("a value that an earlier version could not have written is damage, not raised", async (t) => {
  const path = join(folderOf(t), "d.json")
  writeFileSync(path, '{"format":"test/1","value":{"name":7}}')
  await assert.rejects(versionsOf(path).third(), { code: "document-damaged", message: /its content is not valid/ })
})
