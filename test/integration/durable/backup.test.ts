import assert from "node:assert/strict"
import { execFileSync } from "node:child_process"
import { existsSync, renameSync, statSync } from "node:fs"
import { join } from "node:path"
import { describe, it } from "node:test"
import { fileURLToPath } from "node:url"
import { Box, texts } from "./box.ts"

const GATEHOUSE = fileURLToPath(new URL("../../../scripts/gatehouse.ts", import.meta.url))

describe("a backup", () => {
  it("taken while messages come in holds all that was acknowledged before, and the gateway starts from it", async () => {
    await using box = await Box.open()
    const subscriber = await box.client({ id: "s" })
    await subscriber.subscribe({ topic: "a", qos: 1 })
    await subscriber.vanish()
    const publisher = await box.client({ id: "p" })
    for (let i = 0; i < 50; i++) await publisher.publish("a", `${i}`)
    const { place } = box
    const folder = join(place.folder, "copy")
    execFileSync(process.execPath, [GATEHOUSE, "--state", place.state, "backup", folder])
    assert.equal(statSync(folder).mode & 0o777, 0o700)
    assert.equal(statSync(join(folder, "broker/sessions.db")).mode & 0o777, 0o600)
    assert.ok(!existsSync(join(place.state, "broker/backup.db")), "nothing is left behind on the card")
    await publisher.publish("a", "after the backup")

    await box.gateway.stop("SIGKILL")
    renameSync(place.state, `${place.state}.old`)
    renameSync(folder, place.state)
    await box.start()
    const back = await box.client({ id: "s" })
    assert.deepEqual(
      texts(await back.take(50)),
      Array.from({ length: 50 }, (_, i) => `${i}`),
    )
    await back.quiet()
  })
})
