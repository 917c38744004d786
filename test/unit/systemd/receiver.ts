import { type ChildProcess, spawn } from "node:child_process"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { createInterface } from "node:readline"
import type { TestContext } from "node:test"

/** systemd's end of the notification socket. Node has no unix datagram sockets; Python does. */
const RECEIVER = `
import socket, sys
receiver = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
name = sys.argv[1]
receiver.bind("\\0" + name[1:] if name.startswith("@") else name)
print("bound", flush=True)
while True:
    print(receiver.recv(65536).decode().replace("\\n", "|"), flush=True)
`

export interface Receiver {
  /** What NOTIFY_SOCKET is set to. */
  readonly address: string
  /** Every message so far, its assignments joined by `|`, without those of systemd-notify's own barrier. */
  readonly messages: readonly string[]
}

/** Binds a notification socket and sets NOTIFY_SOCKET to it, as systemd does, until the test ends. */
export async function openReceiver(t: TestContext, address?: string): Promise<Receiver> {
  const folder = mkdtempSync(join(tmpdir(), "gatehouse-"))
  const bound = address ?? join(folder, "notify")
  const python = spawn("python3", ["-c", RECEIVER, bound], { stdio: ["ignore", "pipe", "inherit"] })
  const messages: string[] = []
  await new Promise<void>((resolve) => {
    createInterface({ input: python.stdout }).on("line", (line) => {
      if (line === "bound") resolve()
      else if (line !== "BARRIER=1") messages.push(line)
    })
  })
  process.env.NOTIFY_SOCKET = bound
  t.after(() => close(python, folder))
  return { address: bound, messages }
}

function close(python: ChildProcess, folder: string): void {
  delete process.env.NOTIFY_SOCKET
  python.kill()
  rmSync(folder, { recursive: true, force: true })
}
