import { readFile } from "node:fs/promises"
import mqtt, { type MqttClient } from "mqtt"
import { connectJs } from "../../support/clients.ts"
import { type Device, makeDevice } from "../../support/device.ts"
import { startTestGateway, type TestGateway, type TestGatewayOptions } from "../../support/gateway.ts"

export const DEVICE_PASSWORD = "only for tests 1234"

/** A gateway with a little of everything that a page can show: the same names and states every time. */
export interface Plant extends AsyncDisposable {
  readonly gateway: TestGateway
  /** A device that is connected, with a certificate. */
  readonly pump: Device
  readonly clients: readonly MqttClient[]
}

export async function openPlant(options: TestGatewayOptions = {}): Promise<Plant> {
  const gateway = await startTestGateway(options)
  const { api } = gateway
  const people = [
    { username: "tina", roles: ["technician"] },
    { username: "vera", roles: ["viewer"] },
  ]
  for (const person of people) {
    await api.post("/users", { ...person, grant: { kind: "password", password: "correct horse battery" } })
  }
  for (const [username, note] of Object.entries(NOTES)) {
    const grant = { kind: "password", password: DEVICE_PASSWORD }
    await api.post("/users", { username, grant, roles: ["device"], note })
  }
  await api.post("/users", { username: "press-2", grant: { kind: "certificate" }, roles: ["device"], note: "Hall 2" })
  await api.patch("/users/fan-3", { enabled: false })
  await api.raw("POST", "/users/vera/one-time-password")
  const pump = await makeDevice(gateway, "pump-1", { roles: ["device"], note: "Boiler room, cooling water" })
  const clients = [await connectDevice(gateway, pump), ...(await connectSome(gateway))]
  for (const client of clients) {
    const { clientId = "" } = client.options
    await client.publishAsync(`devices/${clientId}/temperature`, "21.5", { qos: 1, retain: true })
  }
  const traffic = setInterval(() => {
    for (const client of clients) client.publish(`devices/${client.options.clientId}/state`, "ok")
  }, 200)
  // who does not come in: a wrong password, and somebody nobody knows
  const url = `mqtt://127.0.0.1:${gateway.port("mqtt")}`
  await connectJs(url, { username: "meter-9", password: "wrong", clientId: "meter-9" })
  await connectJs(url, { username: "camera-4", password: "whatever", clientId: "camera-4" })
  return {
    ...{ gateway, pump, clients },
    async [Symbol.asyncDispose]() {
      clearInterval(traffic)
      for (const client of clients) client.end(true)
      await gateway[Symbol.asyncDispose]()
    },
  }
}

const NOTES = {
  "belt-1": "Hall 1, packing",
  "belt-2": "Hall 1, packing",
  "fan-3": "Roof",
  "meter-9": "Main distribution",
  "sensor-12": "Cold store",
  "valve-7": "Boiler room, bypass",
}

/** Connects a device with its certificate over mutual TLS; rejects when it is turned away. */
export async function connectDevice(gateway: TestGateway, device: Device): Promise<MqttClient> {
  return mqtt.connectAsync(`mqtts://127.0.0.1:${gateway.port("mqtts")}`, {
    ca: await readFile(gateway.cafile),
    cert: await readFile(device.chain),
    key: await readFile(device.key),
    clientId: device.name,
    protocolVersion: 5,
    reconnectPeriod: 0,
  })
}

async function connectSome(gateway: TestGateway): Promise<MqttClient[]> {
  const url = `mqtt://127.0.0.1:${gateway.port("mqtt")}`
  return Promise.all(
    ["belt-1", "belt-2", "valve-7"].map((clientId) =>
      mqtt.connectAsync(url, { clientId, username: clientId, password: DEVICE_PASSWORD, reconnectPeriod: 0 }),
    ),
  )
}
