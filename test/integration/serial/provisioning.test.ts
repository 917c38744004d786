import assert from "node:assert/strict"
import { describe, it } from "node:test"
import { SerialBench } from "./bench.ts"

describe("a device plugged in", { concurrency: 2 }, () => {
  it("has its certificate, trust anchor and the broker's address, and has connected, without another action", async () => {
    await using bench = await SerialBench.open()
    const ordered = await bench.order("pump-1")
    assert.equal(ordered.state, "waiting")
    const device = bench.device({ bootMs: 300, chatterMs: 50 })
    const began = performance.now()
    await bench.plugIn(device)
    const job = await bench.reaches(ordered.id, ["done"])
    console.log(`plug-in to first connection: ${Math.round(performance.now() - began)} ms`)
    assert.equal(job.device.uid, "sim-0001")
    assert.equal(job.device.dialect, "gatehouse")
    assert.equal(job.certificate.publicKey.length, 64)
    const { certificates } = await bench.certificates("pump-1")
    assert.deepEqual(
      certificates.map(({ state }) => state),
      ["active"],
    )
    const { clients } = await bench.gateway.api.get("/clients")
    assert.deepEqual(
      clients.map((client: { username: string }) => client.username),
      ["pump-1"],
    )
  })
})
