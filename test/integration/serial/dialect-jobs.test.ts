import assert from "node:assert/strict"
import { readdir, readFile } from "node:fs/promises"
import { join } from "node:path"
import { after, before, describe, it } from "node:test"
import { setTimeout as delay } from "node:timers/promises"
import mqtt from "mqtt"
import { Eccx08Player } from "../../support/players/eccx08-player.ts"
import { Nrf91Player } from "../../support/players/nrf91-player.ts"
import { type Holdings, type Player, playOn } from "../../support/players/player.ts"
import { QuectelPlayer } from "../../support/players/quectel-player.ts"
import { UbloxPlayer } from "../../support/players/ublox-player.ts"
import { ZephyrPlayer } from "../../support/players/zephyr-player.ts"
import { SerialBench } from "./bench.ts"

/** The device's own first connection, with what it holds. */
async function connect(name: string, { ca, certificate, key }: Holdings): Promise<void> {
  const url = `mqtts://127.0.0.1:${bench.gateway.port("mqtts")}`
  const client = await mqtt.connectAsync(url, { ca, cert: certificate, key, clientId: name, reconnectPeriod: 0 })
  await client.endAsync()
}

/** Everything in the gateway's state directory, its log and a job's log, as one text. */
async function everything(id: string): Promise<string> {
  const state = join(bench.gateway.folder, "state")
  const files = (await readdir(state, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile())
  // a file that is being replaced may be gone already, under its new name it is read as well
  const text = (path: string) => readFile(path, "latin1").catch(() => "")
  const texts = await Promise.all(files.map(({ parentPath, name }) => text(join(parentPath, name))))
  return texts.join("\n") + bench.gateway.logged() + (await bench.log(id))
}

/** The secret number of a P-256 key in PKCS#8, as base64 in which it may stand. */
function secretOf(key: string): string {
  return Buffer.from(key.replace(/-----[^-]*-----|\s/g, ""), "base64")
    .subarray(36, 68)
    .toString("base64")
    .slice(0, 40)
}

let bench: SerialBench
before(async () => {
  bench = await SerialBench.open({ cables: 5 })
})
after(() => bench[Symbol.asyncDispose]())

/**
 * The sketch begins when its port is opened (`while (!Serial)`), which a pseudo-terminal cannot tell: here somebody presses
 * its reset button until the job has noticed.
 */
async function pressReset(player: Player, id: string): Promise<void> {
  while ((await bench.job(id)).state !== "question") {
    player.powerUp()
    await delay(200)
  }
}

describe("plugged in and ordered over the API", { concurrency: 5 }, () => {
  const devices: readonly (readonly [string, Player, "device" | "gateway", string])[] = [
    ["nrf91", new Nrf91Player(), "device", "352656109480783"],
    ["zephyr", new ZephyrPlayer(), "gateway", "f4ce36a1b2c3d4e5"],
    ["quectel", new QuectelPlayer(), "gateway", "866425031234567"],
    ["ublox", new UbloxPlayer(), "gateway", "357520070000001"],
  ]
  for (const [i, [dialect, player, keyOrigin, uid]] of devices.entries()) {
    it(`${dialect}: proven by its first connection, its key marked as made in the ${keyOrigin}, and in no file`, async () => {
      const cable = bench.cables[i]!
      const name = `${dialect}-1`
      await cable.plug()
      await using _device = await playOn(cable.device, player)
      await bench.appears(cable.host)
      const { id } = await bench.order(name, { port: cable.host })
      await bench.reaches(id, ["proving"])
      assert.deepEqual(player.complaints, [])
      await connect(name, player.holdings())
      const { device } = await bench.reaches(id, ["done"])
      assert.deepEqual([device.dialect, device.keyOrigin, device.uid], [dialect, keyOrigin, uid])
      assert.ok(!(await everything(id)).includes(secretOf(player.holdings().key)), "a key in a file or a log")
      const [certificate] = (await bench.gateway.api.get(`/certificates?user=${name}`)).certificates
      assert.deepEqual([certificate.state, certificate.keyOrigin], ["active", keyOrigin])
    })
  }

  it("eccx08: both irreversible questions wait for the person, and a no to the first changes nothing", async () => {
    const player = new Eccx08Player({ locked: false })
    const { api } = bench.gateway
    const cable = bench.cables[4]!
    await cable.plug()
    await using _device = await playOn(cable.device, player)
    await bench.appears(cable.host)
    const asked = async (id: string, question: string, answer: string) => {
      const job = await bench.reaches(id, ["question"])
      assert.deepEqual([job.question.id, job.question.kind], [question, "irreversible"])
      await api.post(`/serial/jobs/${id}/answers`, { question, answer })
    }
    const first = await bench.order("arduino-1", { port: cable.host })
    await pressReset(player, first.id)
    await asked(first.id, "lock-chip", "no")
    assert.equal((await bench.reaches(first.id, ["refused"])).problem.code, "not-locked")
    assert.deepEqual([player.locked, player.keysMade], [false, 0])
    await bench.verb(first.id, "cancel")

    const { id } = await bench.order("arduino-2", { port: cable.host })
    await pressReset(player, id)
    await asked(id, "lock-chip", "yes")
    await asked(id, "new-key", "yes")
    const { certificate, problem } = await bench.reaches(id, ["proving"])
    assert.match(problem.sentence, /setEccSlot/)
    const chain = await api.get(`/certificates/${certificate.serial}/chain`)
    const ca = await readFile(bench.gateway.cafile, "utf8")
    await connect("arduino-2", { ca, certificate: String(chain), key: player.holdings().key })
    assert.equal((await bench.reaches(id, ["done"])).device.keyOrigin, "device")
    assert.deepEqual([player.locked, player.keysMade], [true, 1])
  })
})
