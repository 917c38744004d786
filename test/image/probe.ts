import type { Socket } from "node:net"
import { createInterface } from "node:readline"
import { connected } from "./qmp.ts"

export const PROBE_PORT = "gatehouse.probe"

/**
 * A root shell inside an unchanged image: QEMU hands systemd a unit as a credential (systemd.system-credentials(7)), which
 * only the machine's owner can do and no Raspberry Pi knows. It reads base64 of a script a line and answers base64 of
 * the output and the exit status. A port can be opened once at a time, for both directions, and reads nothing while
 * nobody is at its other end.
 */
export const PROBE_UNIT = `[Unit]
Description=The test's probe
DefaultDependencies=no
StartLimitIntervalSec=0
[Service]
Restart=always
RestartSec=5
ExecStart=/bin/sh -c 'port=$(grep -lx ${PROBE_PORT} /sys/class/virtio-ports/*/name) && exec <>/dev/$(basename $(dirname $port)) >&0; while true; do while IFS= read -r line; do printf %%s "$line" | base64 -d >/run/probe.sh; sh /run/probe.sh >/run/probe.out 2>&1; status=$?; base64 -w0 /run/probe.out; echo " $status"; done; sleep 5; done'
`

/** What starts it: the root is mounted before systemd reads units, so it is no mount to hang it on. */
export const PROBE_MOUNT = "tmpfs /run/probe tmpfs nofail,x-systemd.requires=p.service 0 0\n"

export class Probe implements Disposable {
  readonly #socket: Socket
  readonly #lines: AsyncIterator<string>

  private constructor(socket: Socket) {
    this.#socket = socket
    socket.on("error", () => {})
    const lines = createInterface(socket)
    lines.on("error", () => {})
    this.#lines = lines[Symbol.asyncIterator]()
  }

  static async open(path: string): Promise<Probe> {
    return new Probe(await connected(path))
  }

  /** Runs a shell script as root in the guest and answers what it printed. Rejects when it fails, or after `seconds`. */
  async run(script: string, seconds = 1200): Promise<string> {
    this.#socket.write(`${Buffer.from(script).toString("base64")}\n`)
    const timer = setTimeout(() => this.#socket.destroy(), seconds * 1000)
    const { value, done } = await this.#lines.next()
    clearTimeout(timer)
    if (done === true) throw new Error(`the probe was silent for ${seconds} s: ${script}`)
    const [output = "", status] = value.split(" ")
    const text = Buffer.from(output, "base64").toString()
    if (status !== "0") throw new Error(`${script}\nended with ${status}: ${text}`)
    return text
  }

  [Symbol.dispose](): void {
    this.#socket.destroy()
  }
}
