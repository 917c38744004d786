/** Gatehouse with many users and many connections: memory, start-up, and how soon a change of rights is in force. */
import { mkdirSync, mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join, resolve } from "node:path"
import { parseArgs } from "node:util"
import { Api } from "./bench/api.ts"
import { type Tuning, tuningOf } from "./bench/broker.ts"
import { digits, table } from "./bench/figures.ts"
import { type OpenGatehouse, prepareGatehouse } from "./bench/gatehouse.ts"
import { Helper } from "./bench/helper.ts"
import type { FleetVerbs } from "./bench/load/fleet.ts"
import { mosquittoVersion } from "./bench/mosquitto.ts"
import { Plant } from "./bench/plant.ts"
import { processorModel } from "./bench/process-stat.ts"
import { changesOfRights, crowdGatehouse, crowdMosquitto, type Row } from "./bench/scale.ts"
import { writeSection } from "./bench/section.ts"
import { startUp } from "./bench/start-up.ts"
import { mutualDoor, signIn, Town } from "./bench/town.ts"

const USAGE = `npm run bench:scale -- [options]
  --users N          in the store (10000)
  --connected N      of them connected at one time, by mTLS (2000)
  --own N            of these with certificates of the gateway's own authority (300)
  --starts N         start-ups of each kind (5)
  --checkout FOLDER  measure the Gatehouse in FOLDER instead of this one
  --node-flags=TEXT  flags for the node that runs Gatehouse, blanks between them
  --env=TEXT         environment variables for the same, NAME=VALUE, blanks between them
  --write FILE       put the tables into FILE, between the marks <!-- scale --> and <!-- /scale -->`

async function main(): Promise<void> {
  const number = (fallback: string) => ({ type: "string", default: fallback }) as const
  const { values } = parseArgs({
    options: {
      help: { type: "boolean", default: false },
      users: number("10000"),
      connected: number("2000"),
      own: number("300"),
      starts: number("5"),
      checkout: { type: "string", default: resolve(import.meta.dirname, "..") },
      "node-flags": { type: "string", default: "" },
      env: { type: "string", default: "" },
      write: { type: "string" },
    },
  })
  if (values.help) return console.log(USAGE)
  const size = { users: Number(values.users), connected: Number(values.connected), own: Number(values.own) }
  const tuning = tuningOf(values["node-flags"], values.env)
  const report = await measure(size, Number(values.starts), values.checkout, tuning)
  console.log(`\n${report}`)
  if (values.write !== undefined) writeSection(values.write, "scale", report)
}

async function measure(size: Town["size"], starts: number, checkout: string, tuning: Tuning) {
  await using parts = new AsyncDisposableStack()
  const folder = mkdtempSync(join(tmpdir(), "gatehouse-scale-"))
  parts.defer(() => rmSync(folder, { recursive: true, force: true }))
  const fleet = parts.use(new Helper<FleetVerbs>(new URL("./bench/load/fleet.ts", import.meta.url)))

  say(`making ${size.connected - size.own} keys and certificates`)
  const town = new Town(size, new Plant("Scale Plant"))
  const limits = { connections: 20_000, connectionsPerAddress: 20_000 }
  const options = { checkout, tuning, limits }

  say(`starting with 2 users, ${starts} times `)
  const few = { ...town.bootstrap(), users: (town.bootstrap().users as unknown[]).slice(0, 2) }
  const openFew = await prepareGatehouse(join(folder, "few"), { ...options, bootstrap: few })
  const small = await startUps(openFew, town, starts)
  const openTown = await prepareGatehouse(join(folder, "town"), { ...options, bootstrap: town.bootstrap() })
  say(`taking ${size.users} users into service, then starting ${starts} times `)
  const began = performance.now()
  await (await openTown())[Symbol.asyncDispose]()
  const bootstrapSeconds = (performance.now() - began) / 1000
  const large = await startUps(openTown, town, starts)

  const gateway = parts.use(await openTown("https"))
  const api = parts.use(new Api(gateway.ports.https, gateway.pageAuthority))
  await signIn(api)
  say(`issuing ${size.own} certificates through the API`)
  const issued = await town.issue(api)
  say(`connecting ${size.connected} devices`)
  const crowd = await crowdGatehouse(fleet, gateway, town)
  const changes = await changesOfRights(fleet, api, gateway, town, say)
  await fleet.ask("leave", {})
  const own: Row[] = [
    ["start-up, 2 users: spawn to CONNACK, ms", digits(small.milliseconds)],
    ["start-up, 2 users: processor time, ms", digits(small.processor)],
    ["RSS after one CONNECT, 2 users, MiB", digits(small.resident / 1024)],
    [`start-up, ${size.users} users: spawn to CONNACK, ms`, digits(large.milliseconds)],
    [`RSS after one CONNECT, ${size.users} users, MiB`, digits(large.resident / 1024)],
    ...crowd,
  ]
  mkdirSync(join(folder, "mosquitto"))
  say("the same crowd at Mosquitto")
  const other = await crowdMosquitto(fleet, join(folder, "mosquitto"), town, starts)
  const head = ["with many users and connections", "Gatehouse", other === undefined ? "" : (mosquittoVersion() ?? "")]
  const beside = own.map(([what, figure]) => [what, figure, other?.get(what) ?? ""])
  return [
    `${processorModel()}; Node ${process.version}; ${size.users} users, ${size.connected} devices connected by mTLS, each ` +
      `with its own certificate (${size.own} of the gateway's own authority), all subscribed; medians of ${starts} starts.`,
    table(head, beside),
    table(
      ["a change, from the request to its last effect", "ms"],
      [
        ...changes,
        [`bootstrap of ${size.users} users, first start and stop`, digits(bootstrapSeconds * 1000)],
        ["one certificate through the API, 8 requests side by side", digits(1000 / issued)],
      ],
    ),
  ].join("\n\n")
}

function startUps(open: OpenGatehouse, town: Town, times: number) {
  let door = { port: 0, login: {}, tls: { ca: [""], devices: [...town.outside].slice(0, 1) } }
  const known = async () => {
    const gateway = await open()
    door = { ...mutualDoor(gateway), tls: { ca: [gateway.authority], devices: door.tls.devices } }
    return gateway
  }
  return startUp(known, () => door, times)
}

function say(what: string): void {
  process.stderr.write(`\n${what}`)
}

await main()
process.stderr.write("\n")
