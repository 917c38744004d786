import { once } from "node:events"
import { createReadStream, writeFileSync } from "node:fs"
import { stat } from "node:fs/promises"
import type { ClientRequest } from "node:http"
import { request } from "node:https"
import { createServer } from "node:net"
import { join } from "node:path"
import { pipeline } from "node:stream/promises"
import { setTimeout as sleep } from "node:timers/promises"
import { Emulator, emptyFolder, type Opened } from "./emulator.ts"
import { PROBE_MOUNT, PROBE_PORT, PROBE_UNIT, Probe } from "./probe.ts"
import { connected } from "./qmp.ts"

export interface MachineOptions {
  /** A qcow2 file; the machine writes to it. */
  readonly disk: string
  readonly uBoot: string
  /** For sockets and the console's log; made anew. */
  readonly folder: string
  /** A snapshot in the disk to go on from. */
  readonly from?: string
  /** 1024 unless told. */
  readonly memoryMiB?: number
  /** To see what U-Boot decides, and no more. */
  readonly bootLoaderOnly?: boolean
}

/** Guest ports that are reached through a port of this machine. */
const FORWARDED = [443, 8084, 1883, 22, 80] as const
type GuestPort = (typeof FORWARDED)[number]

/** The second network port, with nothing plugged in. */
export const CABLE = "cable"

/** One QEMU `-M virt` with an appliance in it. Killed when disposed: to it, that is a power cut. */
export class Machine extends Emulator {
  readonly disk: string
  readonly #ports: Readonly<Record<GuestPort, number>>
  readonly #probe: Probe

  private constructor(options: MachineOptions, opened: Opened<Probe>, ports: Record<GuestPort, number>) {
    super(options.folder, opened)
    this.disk = options.disk
    this.#ports = ports
    this.#probe = opened.more
  }

  static async start(options: MachineOptions): Promise<Machine> {
    const { folder } = options
    emptyFolder(folder)
    const ports = Object.fromEntries(await Promise.all(FORWARDED.map(async (port) => [port, await freePort()])))
    const opened = await Machine.launch(folder, qemuArguments(options, ports), async () => {
      await skipCountdowns(join(folder, "console.sock"))
      return await Probe.open(join(folder, "probe.sock"))
    })
    return new Machine(options, opened, ports)
  }

  /** The port of this machine that leads to a port of the guest. */
  port(guest: GuestPort): number {
    return this.#ports[guest]
  }

  /** Waits for the page to answer that the gateway does its work. */
  async healthy(seconds: number): Promise<void> {
    const until = performance.now() + seconds * 1000
    while (performance.now() < until) {
      if ((await this.get("/healthz").catch(() => undefined))?.status === 200) return
      if (this.hasEnded) throw new Error("qemu has ended")
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

  override async cutPower(): Promise<void> {
    this.#probe[Symbol.dispose]()
    await super.cutPower()
  }
}

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
  { disk, uBoot, folder, from, memoryMiB = 1024, bootLoaderOnly = false }: MachineOptions,
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
    ...[
      "-M",
      "virt",
      "-cpu",
      "cortex-a72",
      "-smp",
      "1",
      "-m",
      `${memoryMiB}`,
      "-accel",
      "tcg,thread=single,tb-size=256",
    ],
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
