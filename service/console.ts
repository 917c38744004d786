import { dirname } from "node:path"
import { inUrl, urlsOf } from "./addresses.ts"

/** What a person at the terminal is told once the gateway is up. */
export interface Greetable {
  readonly claimed: boolean
  /** Undefined on a claimed box. */
  readonly claimCode: string | undefined
  readonly claimFile: string
  readonly listeners: readonly { readonly name: string; readonly host: string; readonly port: number }[]
  readonly names: readonly string[]
  readonly addresses: readonly string[]
  readonly authorityFile: string
  /** Fingerprint of the page's authority, which a browser is taught to trust. */
  readonly pageWords: readonly string[]
}

const SCHEMES: Readonly<Record<string, string>> = {
  https: "page and API",
  http: "trust page",
  mqtts: "MQTT over TLS",
  wss: "MQTT over WebSocket over TLS",
  mqtt: "MQTT",
  ws: "MQTT over WebSocket",
}

/** Addresses, the claim code (only on a terminal: anything else may be a log), and the next step. */
export function greeting(gateway: Greetable, terminal: boolean): string {
  const lines = ["", "Gatehouse is up.", "", ...gateway.listeners.map((listener) => addressLine(gateway, listener)), ""]
  lines.push(`  authority     ${word(gateway.authorityFile)}   (what clients trust: --cafile)`)
  lines.push(`  page's words  ${gateway.pageWords.join(" ")}`)
  lines.push("                (compare them before a browser is taught to trust the page)", "")
  if (gateway.claimed) lines.push("It is in service. Ctrl-C stops it.")
  else lines.push(...claimLines(gateway, terminal))
  return `${lines.join("\n")}\n\n`
}

/** What the console shows of a claim, for whoever stands there and made none. */
export function claimNotice(gateway: Greetable, { username, address }: { username: string; address: string }): string {
  const from = address === "" ? "on this machine" : `from ${address}`
  const undo = `scripts/gatehouse claim --undo --state ${word(dirname(gateway.claimFile))}`
  const lines = [`Taken into service by ${username} ${from}.`, "Was that not you? Take it back within ten minutes:"]
  return `\n${lines.join(" ")}\n\n  ${undo}\n\n`
}

function addressLine(gateway: Greetable, listener: Greetable["listeners"][number]): string {
  const urls = urlsOf(listener, gateway).slice(0, 3)
  return `  ${(SCHEMES[listener.name] ?? listener.name).padEnd(13)} ${urls.join("  ")}`
}

/** A path as one word of a shell's command line. */
function word(path: string): string {
  return /^[\w./-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`
}

function claimLines(gateway: Greetable, terminal: boolean): string[] {
  const lines = ["Nobody has taken it into service yet; until then no MQTT client gets in.", ""]
  if (terminal) lines.push(`  claim code    ${gateway.claimCode}`)
  else lines.push(`  claim code    not shown, this is no terminal; read it with: cat ${word(gateway.claimFile)}`)
  lines.push("", "Next step, here on this machine (choose a name and a password of 12 characters or more):", "")
  lines.push(...claimCommand(gateway, terminal), "")
  lines.push("Or see it all happen in a throw-away directory: npm run demo")
  return lines
}

function claimCommand({ listeners, claimCode, claimFile }: Greetable, terminal: boolean): string[] {
  const page = listeners.find((listener) => listener.name === "https")
  if (page === undefined) return [`  scripts/gatehouse claim --state ${word(dirname(claimFile))} --username you`]
  const host = page.host === "*" ? "localhost" : inUrl(page.host)
  return [
    `  curl -k https://${host}:${page.port}/api/v1/claim -H 'content-type: application/json' \\`,
    `    -d '{"code":"${terminal ? claimCode : "XXXX-XXXX-XXXX"}","username":"you","password":"..."}'`,
  ]
}
