import assert from "node:assert/strict"
import { execFile } from "node:child_process"
import { after, before, describe, it } from "node:test"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"
import { type Device, makeDevice } from "../../support/device.ts"
import { startTestGateway, type TestGateway } from "../../support/gateway.ts"

const SCRIPT = fileURLToPath(new URL("paho-client.py", import.meta.url))

describe("a device in Python with paho-mqtt", () => {
  let test: TestGateway
  let pump: Device
  before(async () => {
    test = await startTestGateway()
    pump = await makeDevice(test, "pump")
  })
  after(() => test[Symbol.asyncDispose]())

  for (const version of ["3.1.1", "5"]) {
    it(`publishes QoS 2 with its certificate and receives it, over MQTT ${version}`, async () => {
      const args = [SCRIPT, pump.name, String(test.port("mqtts")), test.cafile, pump.chain, pump.key, version]
      const { stdout } = await promisify(execFile)("/usr/bin/python3", args, { timeout: 10_000 })
      assert.equal(stdout, "devices/pump/echo 21.5 2\n")
    })
  }
})
