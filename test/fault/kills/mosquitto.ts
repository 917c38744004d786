import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { type AddressInfo, connect, createServer } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { setTimeout as delay } from "node:timers/promises"
import type { Subject } from "./campaign.ts"

/** Mosquitto with its persistence on and written as often as it lets one ask for: what the same kills cost there. */
export async function mosquitto(): Promise<Subject> {
  const folder = mkdtempSync(join(tmpdir(), "gatehouse-mosquitto-"))
  const port = await freePort()
  const config = join(folder, "mosquitto.conf")
  const lines = [
    `listener ${port} 127.0.0.1`,
    "allow_anonymous true",
    "user root",
    "persistence true",
    `persistence_location ${folder}/`,
    "autosave_interval 1",
    "max_queued_messages 0",
  ]
  writeFileSync(config, `${lines.join("\n")}\n`)
  let running: ChildProcess = spawn("true")
  return {
    async start() {
      running = spawn("mosquitto", ["-c", config], {
        stdio: "ignore",
        env: { ...process.env, PATH: `${process.env.PATH}:/usr/sbin` },
      })
      while (!(await answers(port))) await delay(20)
      return port
    },
    async kill() {
      running.kill("SIGKILL")
      if (running.exitCode === null && running.signalCode === null) await once(running, "exit")
    },
    async [Symbol.asyncDispose]() {
      running.kill("SIGKILL")
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1")
  await once(server, "listening")
  const { port } = server.address() as AddressInfo
  server.close()
  return port
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1")
    socket.once("connect", () => resolve(true)).once("error", () => resolve(false))
    socket.once("connect", () => socket.destroy())
  })
}
