import { mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs"
import { join } from "node:path"
import { setTimeout as sleep } from "node:timers/promises"
import { tell } from "./answer.ts"
import { NETWORK, REQUESTS } from "./paths.ts"
import { runProgram } from "./program.ts"
import { type NetworkSettings, type Of, parseRequest } from "./request.ts"
import { readRequest } from "./requests.ts"
import { writeWhole } from "./whole-file.ts"

const FILE = "50-gatehouse.network"
/** Where systemd-networkd reads it after a restart; /etc/systemd/network links here. */
const KEPT = join(NETWORK, FILE)
/** Before that: gone with the power. The name sorts before every other. */
const TRIED = "/run/systemd/network/40-gatehouse.network"
const CONFIRM_MS = 60_000
const LOOK_MS = 500

/**
 * Applies settings at once and keeps them when they are confirmed within a minute, which only somebody can do whom they
 * have not locked out. Otherwise, and after a power cut, the settings before are back.
 */
export async function setNetwork(id: string, request: Of<"set-network">): Promise<void> {
  const { format: _format, kind, ...settings } = request
  mkdirSync("/run/systemd/network", { recursive: true })
  writeWhole(TRIED, networkFile(settings))
  await reload()
  const confirmBy = new Date(Date.now() + CONFIRM_MS).toISOString()
  const message = "The network is changed for one minute. Confirm it from the new address to keep it."
  tell(id, kind, { state: "working", step: "waiting-for-confirmation", confirmBy, message })
  const confirmed = await waitForConfirmation(id)
  if (confirmed) {
    writeWhole(KEPT, networkFile(settings))
    writeWhole(join(NETWORK, "settings.json"), `${JSON.stringify(settings)}\n`)
    tell(id, kind, { state: "done", message: "The network settings are kept." })
  } else {
    const undone = "Nobody confirmed the network settings within a minute; the ones before are back."
    tell(id, kind, { state: "failed", code: "network-undone", message: undone })
  }
  rmSync(TRIED, { force: true })
  await reload()
}

/** Monotonic, as a new network may bring a new time. */
async function waitForConfirmation(id: string): Promise<boolean> {
  const until = performance.now() + CONFIRM_MS
  while (performance.now() < until) {
    for (const name of readdirSync(REQUESTS).filter((entry) => entry.endsWith(".json"))) {
      const text = readRequest(join(REQUESTS, name))
      const request = text === undefined ? "" : parseRequest(text)
      if (typeof request === "string" || request.kind !== "confirm-network" || request.request !== id) continue
      rmSync(join(REQUESTS, name))
      tell(name.slice(0, -".json".length), request.kind, { state: "done", message: "The network settings are kept." })
      return true
    }
    await sleep(LOOK_MS)
  }
  return false
}

async function reload(): Promise<void> {
  await runProgram("networkctl", ["reload"])
}

/** The settings as a systemd.network(5) file. Every value has been judged by `parseRequest`. */
export function networkFile({ interface: name, ipv4, ipv6, dns, ntp }: NetworkSettings): string {
  const match = name === undefined ? ["Type=ether", "Kind=!*"] : [`Name=${name}`]
  const dhcp = { "dhcp automatic": "yes", "dhcp off": "ipv4", "dhcp static": "ipv4", "static automatic": "ipv6" }[
    `${ipv4.method} ${ipv6.method}` as string
  ]
  const routes = [ipv4, ipv6].flatMap((family) => ("gateway" in family && family.gateway ? [family.gateway] : []))
  const addresses = [ipv4, ipv6].flatMap((family) => (family.method === "static" ? [family.address] : []))
  const network = [
    `DHCP=${dhcp ?? "no"}`,
    `LinkLocalAddressing=${ipv6.method === "off" ? "ipv4" : "yes"}`,
    `IPv6AcceptRA=${ipv6.method === "automatic" ? "yes" : "no"}`,
    "MulticastDNS=yes",
    "LLMNR=no",
    ...addresses.map((address) => `Address=${address}`),
    ...routes.map((gateway) => `Gateway=${gateway}`),
    ...dns.map((server) => `DNS=${server}`),
    ...ntp.map((server) => `NTP=${server}`),
  ]
  return ["[Match]", ...match, "", "[Network]", ...network, "", "[DHCPv4]", "UseDomains=no", ""].join("\n")
}

/** What was kept last; DHCP on everything where nobody ever set anything. */
export function currentNetwork(): unknown {
  try {
    return JSON.parse(readFileSync(join(NETWORK, "settings.json"), "utf8"))
  } catch {
    return { ipv4: { method: "dhcp" }, ipv6: { method: "automatic" }, dns: [], ntp: [] }
  }
}
