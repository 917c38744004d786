import { createReadStream } from "node:fs"
import { stat } from "node:fs/promises"
import { setTimeout as delay } from "node:timers/promises"
import type { z } from "zod"
import type { ApplianceRequest, applianceAnswer } from "../../service/http/contract-appliance.ts"
import { type Call, type Command, Failure, misused } from "./command.ts"
import { lasting, moment } from "./moment.ts"

type Appliance = z.infer<typeof applianceAnswer>

const LOOK_MS = 1000

/** The machine itself, where it is an appliance: root does the work, and the gateway tells how it goes. */
export const BOX_COMMANDS: readonly Command[] = [
  {
    words: "box status",
    summary: "Show the machine: running and other version, last update, network.",
    example: "box status",
    async run(call) {
      const box = await call.api.get<Appliance>("/appliance")
      call.screen.answer(box, () => call.screen.facts(factsOf(box)))
    },
  },
  {
    words: "box update",
    summary: "Upload an update bundle, have it checked, install it, and restart into it on trial.",
    operands: [{ name: "FILE", file: true }],
    options: { "check-only": { summary: "stop after the check" } },
    example: "box update gatehouse-0.2.0.raucb",
    run: update,
  },
  {
    words: "box roll-back",
    summary: "Restart into the version that was in service before.",
    example: "box roll-back",
    run: (call) => act(call, "POST", "/appliance/roll-back"),
  },
  {
    words: "box clock",
    summary: "Set the clock (RFC 3339, in UTC).",
    operands: [{ name: "TIME" }],
    example: "box clock 2026-11-28T09:30:00Z",
    run: (call) => act(call, "PUT", "/appliance/clock", { time: call.operand("TIME") }),
  },
  {
    words: "box network",
    summary: "Change the network; it goes back after 60 s unless confirmed.",
    operands: [{ name: "METHOD", choices: ["dhcp", "static"] }],
    options: {
      address: { value: "ADDRESS/LENGTH", summary: "the box's address, with static" },
      gateway: { value: "ADDRESS", summary: "the way out" },
      dns: { value: "ADDRESS", many: true, summary: "a name server" },
      ntp: { value: "ADDRESS", many: true, summary: "a time server" },
      interface: { value: "NAME", summary: "only this one; otherwise every wired one" },
    },
    example: "box network static --address 192.0.2.10/24 --gateway 192.0.2.1",
    run: network,
  },
  {
    words: "box confirm",
    summary: "Keep the network as the request of this id changed it.",
    operands: [{ name: "ID" }],
    example: "box confirm 1764300000000-set-network",
    run: (call) => act(call, "POST", "/appliance/network/confirm", { request: call.operand("ID") }),
  },
  {
    words: "box restart",
    summary: "Restart the machine.",
    example: "box restart",
    run: (call) => act(call, "POST", "/appliance/restart"),
  },
  {
    words: "box reset",
    summary: "Forget the settings, or everything with new keys; the box restarts.",
    operands: [{ name: "SCOPE", choices: ["settings", "everything"] }],
    options: { name: { value: "NAME", summary: "the gateway's name, typed to say that this is the box meant" } },
    example: "box reset settings --name gatehouse-1234abcd",
    async run(call) {
      const name = call.text("name")
      if (name === undefined) throw misused("type the gateway's name with --name, so that the right box is reset")
      await act(call, "POST", "/appliance/factory-reset", { scope: call.operand("SCOPE"), name })
    },
  },
]

async function update(call: Call): Promise<void> {
  const path = call.operand("FILE")
  const found = await stat(path).catch(() => undefined)
  if (!found?.isFile()) throw new Failure(`${path} is no file that can be read`)
  const sent = { file: { stream: createReadStream(path), length: found.size }, type: "application/octet-stream" }
  const checked = await followed(call, await call.api.ask<ApplianceRequest>("POST", "/appliance/uploads", sent))
  if (call.flag("check-only")) return call.screen.answer(checked, () => checked.message)
  await act(call, "POST", "/appliance/install")
}

async function network(call: Call): Promise<void> {
  const method = call.operand("METHOD")
  const [address, gateway, name] = [call.text("address"), call.text("gateway"), call.text("interface")]
  if ((method === "static") !== (address !== undefined)) throw misused("static wants --address, and dhcp has none")
  const [dns, ntp] = [call.texts("dns"), call.texts("ntp")]
  await act(call, "PUT", "/appliance/network", {
    ipv4: { method, ...(address && { address }), ...(gateway && { gateway }) },
    ...(dns.length > 0 && { dns }),
    ...(ntp.length > 0 && { ntp }),
    ...(name && { interface: name }),
  })
}

async function act(call: Call, method: string, path: string, json?: unknown): Promise<void> {
  const sent = json === undefined ? {} : { json }
  const outcome = await followed(call, await call.api.ask<ApplianceRequest>(method, path, sent))
  call.screen.answer(outcome, () => [
    outcome.message,
    ...(waitsForPerson(outcome) ? [`gatehouse box confirm ${outcome.id}`] : []),
  ])
}

/** Looks until there is an end, or until what comes next is a person's turn or the restart that cuts the line. */
async function followed(call: Call, asked: ApplianceRequest): Promise<ApplianceRequest> {
  let outcome = asked
  let shown = ""
  while (["waiting", "working"].includes(outcome.state) && !waitsForPerson(outcome) && outcome.step !== "restarting") {
    await delay(LOOK_MS)
    outcome = await call.api.get<ApplianceRequest>(`/appliance/requests/${asked.id}`)
    if (!call.screen.json && outcome.state === "working" && outcome.message !== shown) {
      shown = outcome.message
      call.screen.answer({}, () => shown)
    }
  }
  if (outcome.state === "refused" || outcome.state === "failed") throw new Failure(outcome.message, 1, outcome.code)
  return outcome
}

function waitsForPerson({ step }: ApplianceRequest): boolean {
  return step === "waiting-for-confirmation"
}

function factsOf(box: Appliance): [string, string][] {
  if (!box.appliance) return [["appliance", "no; look after this machine with its own tools"]]
  const { version = "", slot = "", trial, other, lastUpdate, expectedDowntimeSeconds = 0, bundle } = box
  return [
    ["version", `${version} in slot ${slot}${trial ? ", on trial" : ""}`],
    ["other slot", `${other?.version ?? "empty"}${other?.canRollBack ? ", to go back to" : ""}`],
    ["last update", lastUpdate === undefined ? "none" : `${lastUpdate.message} ${moment(lastUpdate.at)}`],
    ["a restart takes", lasting(expectedDowntimeSeconds)],
    ["ready to install", bundle === undefined ? "nothing" : `a bundle of ${bundle.bytes} bytes`],
  ]
}
