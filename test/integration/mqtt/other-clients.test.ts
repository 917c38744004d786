import assert from "node:assert/strict"
import { execFile } from "node:child_process"
import { after, before, describe, it } from "node:test"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"
import { mosquitto, Subscriber } from "../../support/clients.ts"
import { PASSWORD, Plant } from "./plant.ts"

const SCRIPT = fileURLToPath(new URL("paho-echo.py", import.meta.url))

/** The clients that devices use, over every transport, in every version of the protocol. */
describe("other people's clients", { concurrency: 4 }, () => {
  let plant: Plant
  before(async () => {
    plant = await Plant.open()
    await plant.client() // the password is hashed once
  })
  after(() => plant[Symbol.asyncDispose]())

  const isSecure = (listener: string) => listener === "mqtts" || listener === "wss"

  for (const version of ["mqttv31", "mqttv311", "mqttv5"]) {
    for (const listener of ["mqtt", "mqtts"] as const) {
      it(`mosquitto_sub and mosquitto_pub, ${version} over ${listener}, at every QoS`, async () => {
        const tls = isSecure(listener) ? ["-h", "localhost", "--cafile", plant.gateway.cafile] : ["-h", "127.0.0.1"]
        const login = ["-p", String(plant.gateway.port(listener)), ...tls, "-u", "worker", "-P", PASSWORD]
        for (const qos of ["0", "1", "2"]) {
          const common = [...login, "-V", version, "-q", qos, "-t", `mosquitto/${version}/${listener}/${qos}`]
          await using subscriber = await Subscriber.open([...common, "-C", "1"])
          const { code, err } = await mosquitto("mosquitto_pub", [...common, "-m", `QoS ${qos}`])
          assert.equal(code, 0, err)
          await subscriber.prints(new RegExp(`^QoS ${qos}$`, "m"))
        }
      })
    }
  }

  for (const [protocol, version] of [
    [3, "3.1"],
    [4, "3.1.1"],
    [5, "5"],
  ] as const) {
    for (const listener of ["mqtt", "mqtts", "ws", "wss"] as const) {
      it(`paho-mqtt in Python, MQTT ${version} over ${listener}, at every QoS`, async () => {
        const transport = listener.startsWith("ws") ? "websockets" : "tcp"
        const args = [SCRIPT, String(protocol), transport, String(plant.gateway.port(listener)), "worker", PASSWORD]
        if (isSecure(listener)) args.push(plant.gateway.cafile)
        const { stdout } = await promisify(execFile)("/usr/bin/python3", args, { timeout: 10_000 })
        assert.equal(stdout, "QoS 0 0, QoS 1 1, QoS 2 2\n")
      })
    }
  }
})
