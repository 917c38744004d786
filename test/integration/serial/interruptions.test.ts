import assert from "node:assert/strict"
import { once } from "node:events"
import { type AddressInfo, createServer } from "node:net"
import { join } from "node:path"
import { describe, it } from "node:test"
import { setTimeout as delay } from "node:timers/promises"
import { Board } from "../../../scripts/device/board.ts"
import { STEPS } from "../../../service/provisioning/job.ts"
import { ADMIN } from "../../support/gateway.ts"
import { type GatewayProcess, Place } from "../../support/process.ts"
import { PtyPair } from "../../support/pty-pair.ts"
import { SerialBench } from "./bench.ts"

/** Random moments at which the cable is pulled, and the gateway is killed; `npm run test:serial` asks for more. */
const PULLS = Number(process.env.SERIAL_PULLS ?? 7)
const KILLS = Number(process.env.SERIAL_KILLS ?? 2)
const ERROR_RATES = process.env.SERIAL_PULLS === undefined ? [1e-3] : [1e-4, 5e-4, 1e-3]

interface Shown {
  readonly state: string
  readonly publicKey: string
}

/** Exactly one certificate for each key, one of them in use, and none in force that no device holds. */
function assertOneEach(certificates: readonly Shown[]): void {
  assert.equal(new Set(certificates.map(({ publicKey }) => publicKey)).size, certificates.length, "one for each key")
  const inForce = certificates.filter(({ state }) => state === "active" || state === "pending")
  assert.deepEqual(
    inForce.map(({ state }) => state),
    ["active"],
    "no orphan",
  )
}

describe("provisioning goes on where it was", () => {
  it(`when the cable is pulled, at ${PULLS} random moments of ${PULLS} jobs`, async () => {
    await using bench = await SerialBench.open()
    const seconds: number[] = []
    const steps = new Map<string, number>()
    for (let round = 0; round < PULLS; round++) {
      const name = `pump-${round}`
      const { id } = await bench.order(name)
      const began = performance.now()
      await bench.plugIn({ uid: name })
      // in every step in turn, anywhere in it
      await bench.getsTo(id, STEPS[round % STEPS.length]!)
      await delay(Math.random() * 60)
      await bench.cable.pull()
      const { state, step } = await bench.job(id)
      const at = state === "waiting" ? "before" : state === "done" ? "after" : step
      steps.set(at, (steps.get(at) ?? 0) + 1)
      await bench.cable.plug()
      const job = await bench.reaches(id, ["done"], 90_000)
      seconds.push((performance.now() - began) / 1000)
      const certificates = await bench.certificates(name)
      assertOneEach(certificates)
      assert.equal(certificates.length, 1, `${certificates.length} certificates were made, cut at ${at}`)
      assert.equal(certificates[0]?.serial, job.certificate.serial)
      await bench.unplug()
    }
    seconds.sort((a, b) => a - b)
    console.log(`cut at: ${[...steps].map(([step, count]) => `${step} ${count}`).join(", ")}`)
    console.log(
      `seconds with one cut: median ${seconds[PULLS >> 1]?.toFixed(1)}, longest ${seconds.at(-1)?.toFixed(1)}`,
    )
  })

  for (const errors of ERROR_RATES) {
    it(`when a byte in ${1 / errors} is garbled, both ways`, async () => {
      await using bench = await SerialBench.open()
      const { id } = await bench.order("pump-1")
      const began = performance.now()
      await bench.plugIn({ misbehaviour: { errors } })
      await bench.reaches(id, ["done"], 110_000)
      console.log(`garbled ${errors}: ${((performance.now() - began) / 1000).toFixed(1)} s`)
      assertOneEach(await bench.certificates("pump-1"))
    })
  }

  it(`when the gateway is killed, at ${KILLS} random moments`, async () => {
    await using cable = await PtyPair.make()
    await using place = await Place.make()
    // the device keeps the port it was told, so it must be the same after each start
    const listeners = { mqtts: { host: "127.0.0.1", port: await freePort() } }
    let gateway = await place.startClaimed({}, { listeners, serial: { extra: [cable.host] } })
    await place.configure({ listeners, serial: { extra: [cable.host] } }) // the bootstrap file is gone
    try {
      for (let round = 0; round < KILLS; round++) {
        const name = `pump-${round}`
        await using board = await Board.powerUp({ port: cable.device, folder: join(place.folder, name), uid: name })
        const { id } = await gateway.api.post("/serial/jobs", { username: name, port: cable.host, host: "127.0.0.1" })
        await delay(Math.random() * 900)
        await gateway.stop("SIGKILL")
        gateway = await place.start()
        await gateway.api.signIn(ADMIN.username, ADMIN.password)
        await isDone(gateway, id)
        const { certificates } = await gateway.api.get(`/certificates?user=${name}`)
        assertOneEach(certificates)
        assert.equal(certificates.length, 1)
        assert.ok(board.storage.page.active)
      }
    } finally {
      await gateway[Symbol.asyncDispose]()
    }
  })
})

async function isDone({ api }: GatewayProcess, id: string): Promise<void> {
  const until = performance.now() + 90_000
  for (;;) {
    const job = await api.get(`/serial/jobs/${id}`)
    if (job.state === "done") return
    const { entries } = await api.get(`/serial/jobs/${id}/log`)
    if (performance.now() > until) throw new Error(JSON.stringify({ job, entries }, null, 1))
    await delay(50)
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1")
  await once(server, "listening")
  const { port } = server.address() as AddressInfo
  server.close()
  return port
}
