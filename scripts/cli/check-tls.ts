import { readFile } from "node:fs/promises"
import { join } from "node:path"
import { connect } from "node:tls"
import type { Api } from "./api.ts"
import type { Finding } from "./finding.ts"
import type { Status } from "./status.ts"

type Listener = Status["listeners"][number]

const PATIENCE_MS = 5000
const DAY_MS = 86_400_000
/** The gateway renews its own long before; less than this means that it could not. */
const SOON_DAYS = 14

/** What a client of this machine meets at each TLS port: a certificate that its authority vouches for, and until when. */
export async function certificatesServed(api: Api, state: string, { listeners }: Status): Promise<Finding[]> {
  const secure = listeners.filter(({ name, open }) => open && ["https", "mqtts", "wss"].includes(name))
  const authorities = { page: await pageAuthority(state), devices: await api.text("GET", "/authority") }
  const ca = ({ name }: Listener) => (name === "https" ? authorities.page : authorities.devices)
  return Promise.all(secure.map((listener) => served(listener, ca(listener))))
}

async function pageAuthority(state: string): Promise<string> {
  return readFile(join(state, "page", "page-ca.pem"), "utf8").catch(() => "")
}

async function served({ name, host, port }: Listener, ca: string): Promise<Finding> {
  const check = `TLS ${name}`
  try {
    const days = Math.floor((Date.parse(await expiry(near(host), port, ca)) - Date.now()) / DAY_MS)
    const text = `verified; its certificate has ${days} days left`
    if (days >= SOON_DAYS) return { check, level: "ok", text }
    const remedy = "it should have been renewed by now; see the gateway's log and the clock"
    return { check, level: days < 1 ? "fail" : "warn", text, remedy }
  } catch (error) {
    const text = `no verified connection to port ${port}: ${error instanceof Error ? error.message : error}`
    return { check, level: "fail", text, remedy: "see the gateway's log and the clock; then restart the gateway" }
  }
}

/** When the certificate at a port ends; rejects unless the connection is one that a careful client would accept. */
function expiry(host: string, port: number, ca: string): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>()
  const socket = connect({ host, port, ca })
  socket.setTimeout(PATIENCE_MS, () => socket.destroy(new Error("no answer in time")))
  socket.once("secureConnect", () => {
    const { valid_to: until } = socket.getPeerCertificate()
    // the gateway counts a client that breaks off as one whose handshake failed: this one takes its leave
    socket.once("close", () => resolve(until))
    socket.end().resume()
  })
  socket.once("error", reject)
  return promise.finally(() => socket.destroy())
}

/** A listener on every interface is also on the nearest. */
function near(host: string): string {
  if (host === "*" || host === "0.0.0.0") return "127.0.0.1"
  return host === "::" ? "::1" : host
}
