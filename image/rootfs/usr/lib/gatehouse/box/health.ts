import { readFileSync } from "node:fs"
import { request } from "node:https"
import { setTimeout as sleep } from "node:timers/promises"
import { runProgram } from "./program.ts"

const UNIT = "gatehouse.service"
const LOOK_MS = 2000
/** A service that ends so often will not come up on the next try either. */
const MOST_RESTARTS = 5
const CONFIG = "/etc/gatehouse/gatehouse.json"

export type Verdict = { readonly healthy: true } | { readonly healthy: false; readonly reason: string }

/**
 * Waits for the gateway to be healthy: READY, a message made the round trip since (which is what feeds the watchdog),
 * and the page answers. Gives up after `deadlineSeconds`, or when the service ends again and again.
 */
export async function waitForHealth(deadlineSeconds: number): Promise<Verdict> {
  const until = performance.now() + deadlineSeconds * 1000
  let lacking = "the gateway did not start"
  while (performance.now() < until) {
    const unit = await unitState()
    if (unit.restarts >= MOST_RESTARTS) {
      return {
        healthy: false,
        reason: `the gateway ended ${unit.restarts} times, the last time with status ${unit.status}`,
      }
    }
    if (!unit.ready) lacking = "the gateway was not ready"
    else if (!unit.fed) lacking = "no message made the round trip through the broker"
    else if (!(await pageAnswers())) lacking = "the page did not answer"
    else return { healthy: true }
    await sleep(LOOK_MS)
  }
  return { healthy: false, reason: `${lacking} within ${deadlineSeconds} s` }
}

async function unitState() {
  const wanted = [
    "ActiveState",
    "SubState",
    "NRestarts",
    "ExecMainStatus",
    "ActiveEnterTimestampMonotonic",
    "WatchdogTimestampMonotonic",
  ]
  const { output } = await runProgram("systemctl", ["show", UNIT, `--property=${wanted.join(",")}`])
  const found = new Map(output.split("\n").map((line) => line.split("=") as [string, string]))
  const number = (name: string) => Number(found.get(name) ?? 0)
  return {
    ready: found.get("ActiveState") === "active" && found.get("SubState") === "running",
    fed: number("WatchdogTimestampMonotonic") > number("ActiveEnterTimestampMonotonic"),
    restarts: number("NRestarts"),
    status: found.get("ExecMainStatus") ?? "unknown",
  }
}

function pageAnswers(): Promise<boolean> {
  const port = JSON.parse(readFileSync(CONFIG, "utf8")).listeners?.https?.port ?? 8443
  return new Promise((resolve) => {
    // whether it answers is asked, not who it is: this is the loopback
    const call = { host: "127.0.0.1", port, path: "/healthz", rejectUnauthorized: false, timeout: 10_000 }
    const sent = request({ ...call, headers: { host: "localhost" } }, (response) => {
      response.resume()
      resolve(response.statusCode === 200)
    })
    sent.on("timeout", () => sent.destroy())
    sent.on("error", () => resolve(false))
    sent.end()
  })
}
