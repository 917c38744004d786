import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import type { TestContext } from "node:test"
import { setTimeout as sleep } from "node:timers/promises"
import { partitions } from "../../scripts/image/disk.ts"
import { developmentKeys, type Signing } from "../../scripts/image/keys.ts"
import { loadMeta } from "../../scripts/image/meta.ts"
import { run } from "../../scripts/image/run.ts"
import { Machine } from "./machine.ts"

export const REPOSITORY = new URL("../../", import.meta.url).pathname
/** Made by scripts/test-image.ts: the image, an update to it, and what the cases leave behind. */
export const WORK = join(REPOSITORY, "dist/test-image")
export const META = loadMeta(join(REPOSITORY, "image/image.json"))
export const LAYOUT = partitions(META.disk)
export const VERSION: string = JSON.parse(readFileSync(join(REPOSITORY, "package.json"), "utf8")).version
export const NEXT_VERSION = VERSION.replace(/\d+$/, (patch) => String(Number(patch) + 1))

export const keys = (): Signing => developmentKeys(join(REPOSITORY, "image/keys"))

/** A file of the build of the image itself or of the update. */
export function built(kind: "base" | "update", ending: string): string {
  const version = kind === "base" ? VERSION : NEXT_VERSION
  return join(WORK, kind, `gatehouse-${version}-arm64.${ending}`)
}

/** Emulation on a busy machine takes several times what it takes on an idle one. */
export const START_SECONDS = 1500

const READY = "ready"
export const ADMINISTRATOR = { username: "boss", password: "twelve or more 12" }

/** An empty folder of a case. */
export function scratch(name: string): string {
  const folder = join(WORK, "cases", name)
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  return folder
}

/** A card of 4 GiB with a fresh image. */
export function freshCard(folder: string): string {
  const disk = join(folder, "disk.qcow2")
  run("qemu-img", ["create", "-q", "-f", "qcow2", "-b", built("base", "img"), "-F", "raw", disk, "4G"])
  return disk
}

export async function started(t: TestContext, folder: string, disk: string, from?: string): Promise<Machine> {
  const options = { disk, uBoot: built("base", "u-boot-qemu.bin"), folder: join(folder, "machine") }
  const machine = await Machine.start({ ...options, ...(from === undefined ? {} : { from }) })
  t.after(() => machine.cutPower())
  return machine
}

/** Keeps a machine, running and claimed, for every other case to go on from. */
export async function keepReady(machine: Machine): Promise<void> {
  await machine.qmp.monitor(`savevm ${READY}`)
  await machine.cutPower()
  copyFileSync(machine.disk, join(WORK, "ready.qcow2"))
  run("sync", [])
  writeFileSync(join(WORK, "ready.json"), JSON.stringify({ image: built("base", "img") }))
}

/** A machine as `keepReady` kept it: booted, healthy, in service. */
export async function readyMachine(t: TestContext, name: string): Promise<Machine> {
  if (!existsSync(join(WORK, "ready.json"))) throw new Error("no machine was kept; run start.test.ts first")
  const folder = scratch(name)
  const disk = join(folder, "disk.qcow2")
  copyFileSync(join(WORK, "ready.qcow2"), disk)
  return await started(t, folder, disk, READY)
}

export interface Told {
  readonly state: string
  readonly code?: string
  readonly message: string
  readonly step?: string
  readonly percent?: number
  readonly bundle?: { readonly version: string }
}

/** Puts a bundle where the service puts an upload, and the request where it drops requests. */
export async function request(machine: Machine, id: string, fields: object, upload?: string): Promise<void> {
  if (upload !== undefined) {
    await machine.plugIn(upload)
    const bytes = readFileSync(upload).length
    const from = "/dev/vdb"
    const to = `/var/lib/gatehouse/uploads/${id}.raucb`
    await machine.run(`
      while [ ! -b ${from} ]; do sleep 0.2; done
      dd if=${from} of=${to} bs=1M iflag=count_bytes count=${bytes} status=none && chown gatehouse: ${to} && sync ${to}`)
    await machine.unplug()
  }
  const text = JSON.stringify({ format: "gatehouse-root-request/1", ...fields })
  const path = `/var/lib/gatehouse/requests/${id}`
  await machine.run(
    `cat >${path}.tmp <<'EOF'\n${text}\nEOF\nchown gatehouse: ${path}.tmp && mv ${path}.tmp ${path}.json`,
  )
}

/** What root has answered so far. */
export async function told(machine: Machine, id: string): Promise<Told | undefined> {
  const text = await machine.run(`cat /var/lib/gatehouse-system/answers/${id}.json 2>/dev/null || true`)
  return text === "" ? undefined : JSON.parse(text)
}

/** Waits until a request has got as far as `reached` says. */
export async function toldOnce(machine: Machine, id: string, reached: (answer: Told) => boolean, seconds: number) {
  const until = performance.now() + seconds * 1000
  let last: Told | undefined
  while (performance.now() < until) {
    last = await told(machine, id)
    if (last !== undefined && reached(last)) return last
    await sleep(1000)
  }
  throw new Error(`request ${id} got only as far as ${JSON.stringify(last)} within ${seconds} s`)
}

export const isOver = ({ state }: Told) => state !== "working"

export async function status(machine: Machine) {
  return JSON.parse(await machine.run("cat /var/lib/gatehouse-system/status.json"))
}

/** What goes into the header `authorization` of the administrator's calls. */
export async function signedIn(machine: Machine): Promise<string> {
  const { text } = await machine.call("POST", "/api/v1/tokens", {}, ADMINISTRATOR)
  return `Bearer ${JSON.parse(text).token}`
}

/** What the API says of itself, through the forwarded port. */
export async function apiStatus(machine: Machine): Promise<{ version: string; claimed: boolean }> {
  const { text } = await machine.get("/api/v1/status", { authorization: await signedIn(machine) })
  return JSON.parse(text)
}

/** Changes one bit of a card. */
export function flipByte(disk: string, at: number): void {
  const io = (command: string) => run("qemu-io", ["-f", "qcow2", "-c", command, disk])
  const before = /^[0-9a-f]+:\s+([0-9a-f]{2})/m.exec(io(`read -v ${at} 1`))?.[1]
  const flipped = Number.parseInt(before ?? "00", 16) ^ 1
  io(`write -P 0x${flipped.toString(16)} ${at} 1`)
}
