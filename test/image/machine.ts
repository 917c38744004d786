import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"
import {
  closeSync,
  createReadStream,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs"
import { stat } from "node:fs/promises"
import type { ClientRequest } from "node:http"
import { request } from "node:https"
import { createServer } from "node:net"
import { join } from "node:path"
import { pipeline } from "node:stream/promises"
import { setTimeout as sleep } from "node:timers/promises"
import { PROBE_MOUNT, PROBE_PORT, PROBE_UNIT, Probe } from "./probe.ts"
import { connected, Qmp } from "./qmp.ts"

export interface MachineOptions {
  /** A qcow2 file; the machine writes to it. */
  readonly disk: string
  readonly uBoot: string
  /** For sockets and the console's log; made anew. */
  readonly folder: string
  /** A snapshot in the disk to go on from. */
  readonly from?: string
  /** To see what U-Boot decides, and no more. */
  readonly bootLoaderOnly?: boolean
}

/** Guest ports that are reached through a port of this machine. */
const FORWARDED = [443, 8084, 1883, 22, 80] as const
type GuestPort = (typeof FORWARDED)[number]

/** The second network port, with nothing plugged in. */
export const CABLE = "cable"

interface Parts {
  readonly running: ChildProcess
  readonly qmp: Qmp
  readonly probe: Probe
  readonly ports: Record<GuestPort, number>
}

/** One QEMU `-M virt` with an appliance in it. Killed when disposed: to it, that is a power cut. */
export class Machine implements AsyncDisposable {
  readonly folder: string
  readonly disk: string
  readonly qmp: Qmp
  readonly #process: ChildProcess
  readonly #ports: Readonly<Record<GuestPort, number>>
  readonly #probe: Probe

  private constructor(options: MachineOptions, parts: Parts) {
    this.folder = options.folder
    this.disk = options.disk
    this.qmp = parts.qmp
    this.#process = parts.running
    this.#ports = parts.ports
    this.#probe = parts.probe
  }

  static async start(options: MachineOptions): Promise<Machine> {
    const { folder } = options
    rmSync(folder, { recursive: true, force: true })
    mkdirSync(folder, { recursive: true })
    const ports = Object.fromEntries(await Promise.all(FORWARDED.map(async (port) => [port, await freePort()])))
    const log = openSync(join(folder, "qemu.log"), "w")
    // emulation takes whatever it gets: people who work on this machine come first
    const args = ["-n", "10", "qemu-system-aarch64", ...qemuArguments(options, ports)]
    const running = spawn("nice", args, { stdio: ["ignore", log, log] })
    closeSync(log)
    const ended = once(running, "exit").then(() => {
      throw new Error(`qemu has ended:\n${readFileSync(join(folder, "qemu.log"), "utf8")}`)
    })
    const at = (name: string) => join(folder, name)
    const opened = Promise.all([
      Qmp.open(at("qmp.sock")),
      Probe.open(at("probe.sock")),
      skipCountdowns(at("console.sock")),
    ])
    try {
      const [qmp, probe] = await Promise.race([opened, ended])
      ended.catch(() => {})
      return new Machine(options, { running, qmp, probe, ports })
    } catch (error) {
      running.kill("SIGKILL")
      throw error
    }
  }

  /** The port of this machine that leads to a port of the guest. */
  port(guest: GuestPort): number {
    return this.#ports[guest]
  }

  /** Processor time that emulating it has taken, in seconds. */
  get processorSeconds(): number {
    const times = readFileSync(`/proc/${this.#process.pid}/stat`, "latin1").split(") ")[1]!.split(" ")
    return (Number(times[11]) + Number(times[12])) / CLOCK_TICKS
  }

  get console(): string {
    const path = join(this.folder, "console.log")
    return existsSync(path) ? readFileSync(path, "latin1") : ""
  }

  /** Waits until the console says something after `from`, and answers where it ends. */
  async says(pattern: RegExp, seconds: number, from = 0): Promise<RegExpExecArray> {
    const until = performance.now() + seconds * 1000
    while (performance.now() < until) {
      const found = pattern.exec(this.console.slice(from))
      if (found !== null) return found
      if (this.#process.exitCode !== null) break
      await sleep(250)
    }
    throw new Error(
      `the console did not say ${pattern} within ${seconds} s; it ends with:\n${this.console.slice(-1500)}`,
    )
  }

  /** Waits for the page to answer that the gateway does its work. */
  async healthy(seconds: number): Promise<void> {
    const until = performance.now() + seconds * 1000
    while (performance.now() < until) {
      if ((await this.get("/healthz").catch(() => undefined))?.status === 200) return
      if (this.#process.exitCode !== null) throw new Error("qemu has ended")
      await sleep(1000)
    }
    throw new Error(`not healthy within ${seconds} s; the console ends with:\n${this.console.slice(-1500)}`)
  }

  get(path: string, headers: Record<string, string> = {}) {
    return this.call("GET", path, headers)
  }

  async call(method: string, path: string, headers: Record<string, string> = {}, body?: unknown) {
    const json = body === undefined ? {} : { "content-type": "application/json" }
    return await this.#sent(method, path, { ...json, ...headers }, (to) => {
      to.end(body === undefined ? undefined : JSON.stringify(body))
    })
  }

  /** Whatever it sends, it waits for the answer: one that comes before the whole body was sent counts as well. */
  #sent(
    method: string,
    path: string,
    headers: Record<string, string>,
    send: (to: ClientRequest) => unknown,
  ): Promise<{ status: number; text: string }> {
    const options = {
      host: "127.0.0.1",
      port: this.port(443),
      method,
      path,
      rejectUnauthorized: false,
      timeout: 300_000,
    }
    return new Promise((resolve, reject) => {
      const sent = request({ ...options, headers: { host: "localhost", ...headers } }, async (response) => {
        let text = ""
        for await (const chunk of response.setEncoding("utf8")) text += chunk
        resolve({ status: response.statusCode ?? 0, text })
      })
      sent.on("timeout", () => sent.destroy(new Error("no answer within five minutes")))
      sent.on("error", reject)
      Promise.resolve(send(sent)).catch(reject)
    })
  }

  /** Sends a file as the body. */
  async send(path: string, headers: Record<string, string>, file: string) {
    const { size } = await stat(file)
    const type = { "content-type": "application/octet-stream", "content-length": String(size) }
    return await this.#sent("POST", path, { ...headers, ...type }, (to) => pipeline(createReadStream(file), to))
  }

  /**
   * Lets devices reach the broker at 127.0.0.1 under its own port, which they are told, and under an address that is in
   * its certificate.
   */
  async forwardBroker(): Promise<void> {
    await this.qmp.monitor("hostfwd_add net tcp:127.0.0.1:8883-:8883")
  }

  /** Plugs the network cable of `CABLE` in or out; the socket of its other end is in the folder. */
  async plugIn(isIn: boolean): Promise<void> {
    await this.qmp.run("set_link", { name: CABLE, up: isIn })
  }

  /** Plugs a USB serial adapter in and answers the pseudo terminal at the other end of its cable. */
  async plugInSerial(): Promise<string> {
    const cable = await this.qmp.run("chardev-add", { id: "cable", backend: { type: "pty", data: {} } })
    await this.qmp.run("device_add", { driver: "usb-serial", id: "adapter", chardev: "cable", "always-plugged": true })
    return (cable as { pty: string }).pty
  }

  /** Runs one script as root in the guest; what it prints. Rejects when it fails. */
  run(script: string, seconds?: number): Promise<string> {
    return this.#probe.run(script, seconds)
  }

  /** Ends at once, with whatever was under way. */
  async cutPower(): Promise<void> {
    this.qmp[Symbol.dispose]()
    this.#probe[Symbol.dispose]()
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return
    const ended = once(this.#process, "exit")
    this.#process.kill("SIGKILL")
    await ended
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.cutPower()
  }
}

/** Of /proc, a second (sysconf(_SC_CLK_TCK) on every Linux). */
const CLOCK_TICKS = 100

/**
 * U-Boot waits two seconds for somebody who wants its prompt, and does so by counting: as much emulation as a tenth of a
 * whole start. Takes the prompt and boots, which runs the same command.
 */
async function skipCountdowns(path: string): Promise<void> {
  const console = await connected(path)
  let seen = ""
  console.on("error", () => {})
  console.on("data", (chunk: Buffer) => {
    seen = (seen + chunk.toString("latin1")).slice(-200)
    if (/Hit any key to stop autoboot/.test(seen)) {
      seen = ""
      console.write(" ")
    } else if (/=> $/.test(seen)) {
      seen = ""
      console.write("boot\r")
    }
  })
}

function qemuArguments(
  { disk, uBoot, folder, from, bootLoaderOnly = false }: MachineOptions,
  ports: Record<GuestPort, number>,
): string[] {
  const at = (name: string) => join(folder, name)
  writeFileSync(at("probe.service"), PROBE_UNIT)
  writeFileSync(at("fstab"), PROBE_MOUNT)
  const forwards = FORWARDED.map((guest) => `hostfwd=tcp:127.0.0.1:${ports[guest]}-:${guest}`)
  // a name of fw_cfg has at most 55 bytes, which is why the unit has such a short one
  const credential = (name: string, file: string) => [
    "-fw_cfg",
    `name=opt/io.systemd.credentials/${name},file=${at(file)}`,
  ]
  return [
    // a second processor would be emulated by the same thread
    ...["-M", "virt", "-cpu", "cortex-a72", "-smp", "1", "-m", "1024", "-accel", "tcg,thread=single,tb-size=256"],
    // the guest's time is counted in instructions, 4 ns each: however little of the machine the emulation gets, no
    // watchdog and no time-out in the guest takes that for a hang
    ...(bootLoaderOnly ? [] : ["-icount", "shift=2,sleep=on"]),
    ...["-nodefaults", "-display", "none", "-bios", uBoot],
    // the process is killed, not the host: what it has written is on the disk, synchronised or not
    ...["-drive", `file=${disk},format=qcow2,if=none,id=disk,cache=unsafe`, "-device", "virtio-blk-pci,drive=disk"],
    ...["-netdev", `user,id=net,restrict=on,${forwards.join(",")}`, "-device", "virtio-net-pci,netdev=net"],
    ...["-netdev", `stream,id=wire,server=on,addr.type=unix,addr.path=${at("cable.sock")}`],
    ...["-device", `virtio-net-pci,netdev=wire,id=${CABLE}`],
    ...["-device", "virtio-rng-pci", "-device", "qemu-xhci", "-device", "i6300esb", "-action", "watchdog=reset"],
    ...["-device", "virtio-serial-pci", "-chardev", `socket,id=probe,path=${at("probe.sock")},server=on,wait=off`],
    ...["-device", `virtserialport,chardev=probe,name=${PROBE_PORT}`],
    ...["-chardev", `socket,id=console,path=${at("console.sock")},server=on,wait=off,logfile=${at("console.log")}`],
    ...["-serial", "chardev:console"],
    ...["-qmp", `unix:${at("qmp.sock")},server=on,wait=off`],
    ...credential("systemd.extra-unit.p.service", "probe.service"),
    ...credential("fstab.extra", "fstab"),
    ...(from === undefined ? [] : ["-loadvm", from]),
  ]
}

async function freePort(): Promise<number> {
  const server = createServer()
  server.listen(0, "127.0.0.1")
  await once(server, "listening")
  const { port } = server.address() as { port: number }
  server.close()
  return port
}
