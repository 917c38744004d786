import assert from "node:assert/strict"
import { readFile } from "node:fs/promises"
import { test } from "node:test"
import { openBench } from "./bench.ts"

test("every limit is shown with its value and how often it acted", async () => {
  await using bench = await openBench()
  const reply = await bench.ask("GET", "/api/v1/limits", { token: await bench.signIn("vera") })
  const limits = reply.at("limits") as { name: string; value: number; acted: number | null }[]
  assert.deepEqual(limits.map(({ name }) => name).sort(), Object.keys(bench.gateway.limits).sort())
  assert.deepEqual(
    limits.find(({ name }) => name === "topicLevels"),
    { name: "topicLevels", value: 200, acted: 3 },
  )
  assert.equal(limits.find(({ name }) => name === "keepAliveSeconds")?.acted, null)
})

test("the counters that limits name are those of the broker", async () => {
  const folder = new URL("../../../service/", import.meta.url)
  const broker = await readFile(new URL("broker/counters.ts", folder), "utf8")
  const named = (await readFile(new URL("http/routes/limits.ts", folder), "utf8")).matchAll(/: "(limit\w+)"/g)
  const counted = [...broker.matchAll(/^ {2}(limit\w+) = 0$/gm)].map(([, name]) => name)
  assert.deepEqual([...new Set([...named].map(([, name]) => name))].sort(), counted.sort())
})

test("listeners and counters are shown on their own", async () => {
  await using bench = await openBench()
  const token = await bench.signIn("vera")
  const listeners = await bench.ask("GET", "/api/v1/listeners", { token })
  assert.deepEqual(listeners.at("listeners", 0), { name: "mqtts", host: "*", port: 8883, open: true })
  assert.equal((await bench.ask("GET", "/api/v1/counters", { token })).at("counters", "published"), 7)
})
