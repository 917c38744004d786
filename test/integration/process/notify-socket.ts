import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"
import { join } from "node:path"
import { createInterface } from "node:readline"
import { setTimeout as delay } from "node:timers/promises"

/**
 * systemd's end of the notification socket, which Node cannot open. With each message it tells on how many sockets the
 * gateway listens in that moment: systemd-notify waits until a message is taken, and the gateway for systemd-notify.
 */
const PROGRAM = `
import json, os, re, socket, sys
receiver = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
receiver.bind(sys.argv[1])
print("null", flush=True)
def listening(pid):
    inodes = {os.readlink(f"/proc/{pid}/fd/{fd}") for fd in os.listdir(f"/proc/{pid}/fd") if os.path.lexists(f"/proc/{pid}/fd/{fd}")}
    rows = [line.split() for table in ("tcp", "tcp6") for line in open(f"/proc/{pid}/net/{table}").readlines()[1:]]
    return sum(1 for row in rows if row[3] == "0A" and f"socket:[{row[9]}]" in inodes)
pid = 0
while True:
    assignments = receiver.recv(65536).decode().split("\\n")
    if assignments == ["BARRIER=1"]: # the gateway may be gone the next moment
        continue
    for assignment in assignments:
        if assignment.startswith("MAINPID="):
            pid = int(assignment[8:])
    print(json.dumps({"assignments": assignments, "listening": listening(pid) if pid else 0}), flush=True)
`

export interface Notification {
  readonly assignments: readonly string[]
  /** Sockets on which the gateway listened as it was told. */
  readonly listening: number
}

export class NotifySocket implements AsyncDisposable {
  readonly address: string
  /** All but the barriers of systemd-notify. */
  readonly heard: Notification[] = []
  readonly #python: ChildProcess
  readonly #gone: Promise<unknown>
  #told = Promise.withResolvers<void>()

  private constructor(address: string) {
    this.address = address
    this.#python = spawn("/usr/bin/python3", ["-c", PROGRAM, address], { stdio: ["ignore", "pipe", "inherit"] })
    this.#gone = once(this.#python, "exit")
  }

  static async open(folder: string): Promise<NotifySocket> {
    const socket = new NotifySocket(join(folder, "notify"))
    const lines = createInterface({ input: socket.#python.stdout! })
    const bound = once(lines, "line")
    lines.on("line", (line) => {
      const notification = JSON.parse(line) as Notification | null
      if (notification === null) return
      socket.heard.push(notification)
      socket.#told.resolve()
      socket.#told = Promise.withResolvers()
    })
    await bound
    return socket
  }

  /** The `count`th notification with this assignment; rejects when it does not come in time. */
  async hears(assignment: string, count = 1, ms = 15_000): Promise<Notification> {
    const late = delay(ms, "late", { ref: false })
    for (;;) {
      const found = this.heard.filter(({ assignments }) => assignments.includes(assignment))[count - 1]
      if (found !== undefined) return found
      const outcome = await Promise.race([this.#told.promise, late])
      if (outcome === "late") throw new Error(`no ${assignment} among ${JSON.stringify(this.heard)}`)
    }
  }

  /** Hears nothing more, as a system manager that hangs. */
  freeze(): void {
    this.#python.kill("SIGSTOP")
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#python.kill("SIGKILL")
    await this.#gone
  }
}
