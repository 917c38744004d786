import { readFile, writeFile } from "node:fs/promises"
import { join } from "node:path"
import mqtt from "mqtt"
import { makeDeviceKey } from "../../service/ca/device-key.ts"
import type { Gateway } from "../../service/gateway.ts"
import { DemoApi } from "./api.ts"
import { provisionOverUsb } from "./plug-in.ts"

const DEVICE = "pump-1"
const READER = { username: "reader", password: "just-for-the-demo" }
/** A revoked certificate's session must end within this. */
const REVOKED_WITHIN_MS = 1000

/** Takes a fresh gateway through its life with one device, says what happens, and throws where something else does. */
export async function tell(gateway: Gateway, folder: string): Promise<void> {
  const port = (name: string) => gateway.listeners.find((listener) => listener.name === name)?.port ?? 0
  say("A gateway runs in a throw-away directory. Nobody has taken it into service: it has no user, and MQTT is closed.")
  expect(port("mqtts") === 0, "MQTT stays closed until the box is claimed")

  const api = new DemoApi(port("https"))
  await api.claim(gateway.claimCode ?? "", "demo-admin", "a password for the demo")
  say("Claimed with the code that only someone at the console can read. There never was a default password.")
  expect(port("mqtts") !== 0, "MQTT opens with the claim")

  const users = [
    { username: DEVICE, grant: { kind: "certificate" }, roles: ["device"] },
    {
      username: READER.username,
      grant: { kind: "password", password: READER.password },
      permissions: [{ context: "mqtt", operation: "read", resource: "devices/#" }],
    },
  ]
  for (const user of users) await api.post("/users", user)
  say(
    `Created the user ${DEVICE} with the certificate grant and the role "device": it may use devices/${DEVICE}/# and nothing else.`,
  )

  const { keyPem, csrPem } = makeDeviceKey(DEVICE)
  const issued = await api.post(`/users/${DEVICE}/certificates`, { csr: csrPem })
  say(
    `The device made its own key and sent a request; the gateway signed certificate ${String(issued.serial).slice(0, 8)}… The key never left the device.`,
  )

  const ca = await readFile(gateway.authorityFile)
  const url = `mqtts://127.0.0.1:${port("mqtts")}`
  const options = {
    ca,
    cert: String(issued.chain),
    key: keyPem,
    clientId: DEVICE,
    protocolVersion: 5,
    reconnectPeriod: 0,
  } as const
  const device = await mqtt.connectAsync(url, options)
  say(`${DEVICE} is connected over mutual TLS, without any password.`)

  const topic = `devices/${DEVICE}/temperature`
  await device.subscribeAsync(`devices/${DEVICE}/#`)
  const heard = new Promise<string>((resolve) =>
    device.once("message", (name, payload) => resolve(`${name} ${payload}`)),
  )
  await device.publishAsync(topic, "21.5", { qos: 1, retain: true })
  expect((await heard) === `${topic} 21.5`, "the device hears what it published")
  say(`It published ${topic} = 21.5, acknowledged, and heard it back through its own subscription.`)

  const refusal = await device.publishAsync("devices/valve-9/open", "1", { qos: 1 }).catch((error) => error)
  expect(
    refusal instanceof Error && /Not authorized/i.test(refusal.message),
    "a publish beyond its permission is refused",
  )
  const granted = await device.subscribeAsync("#").catch((error) => error)
  expect(granted instanceof Error, "a subscription wider than its permission is refused")
  say(
    'Refused where it has no permission: publishing to devices/valve-9/open, and subscribing to "#". It stays connected.',
  )

  await seeRevocation(api, device, String(issued.serial))
  const again = await mqtt.connectAsync(url, options).catch((error) => error)
  expect(again instanceof Error, "a revoked certificate opens no new connection")
  say("Coming back with the revoked certificate, it is turned away at the door:")
  const [first] = (await api.get("/refused")).groups as { sentence: string }[]
  say(`   "${first?.sentence}"`)
  say(await provisionOverUsb(api, folder))
  const cafile = join(folder, "authority.pem")
  await writeFile(cafile, ca)
  say("\nAll of it was seen. To join in, paste this into another terminal (Ctrl-C here ends the gateway):\n")
  say(
    `  mosquitto_sub --cafile ${cafile} -h localhost -p ${port("mqtts")} -u ${READER.username} -P ${READER.password} -t 'devices/#' -v\n`,
  )
}

async function seeRevocation(api: DemoApi, device: mqtt.MqttClient, serial: string): Promise<void> {
  const ended = new Promise<number>((resolve) => device.once("close", () => resolve(performance.now())))
  const before = performance.now()
  await api.post(`/certificates/${serial}/revoke`, { reason: "demo" })
  const took = Math.round((await ended) - before)
  expect(took < REVOKED_WITHIN_MS, `the session of a revoked certificate ends within a second, not after ${took} ms`)
  say(`Its certificate was revoked, and its live session ended ${took} ms later.`)
}

function say(line: string): void {
  process.stdout.write(`${line}\n`)
}

function expect(seen: boolean, what: string): void {
  if (!seen) throw new Error(`expected: ${what}`)
}
