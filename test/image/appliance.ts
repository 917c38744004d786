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
export const START_SECONDS = 3600

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

/** What became of a request to root, as the API tells it. */
export interface Told {
  readonly id: string
  readonly state: string
  readonly code?: string
  readonly message: string
  readonly step?: string
  readonly percent?: number
}

/** Uploads a bundle as the page does; what is told is the check of it. */
export async function upload(machine: Machine, bundle: string): Promise<Told> {
  const authorization = await signedIn(machine)
  const { status, text } = await machine.send("/api/v1/appliance/uploads", { authorization }, bundle)
  if (status !== 202) throw new Error(`the upload was answered ${status}: ${text}`)
  return await toldOnce(machine, JSON.parse(text).id, isOver, 1800)
}

/** Asks for an act on the machine itself, freshly signed in. */
export async function act(machine: Machine, what: "install" | "roll-back" | "restart"): Promise<string> {
  const authorization = await signedIn(machine)
  const { status, text } = await machine.call("POST", `/api/v1/appliance/${what}`, { authorization })
  if (status !== 202) throw new Error(`${what} was answered ${status}: ${text}`)
  return JSON.parse(text).id
}

/** Waits until a request has got as far as `reached` says. While the box restarts it answers nothing. */
export async function toldOnce(machine: Machine, id: string, reached: (answer: Told) => boolean, seconds: number) {
  const until = performance.now() + seconds * 1000
  let last: Told | undefined
  let authorization = ""
  while (performance.now() < until) {
    try {
      authorization ||= await signedIn(machine)
      const { status, text } = await machine.get(`/api/v1/appliance/requests/${id}`, { authorization })
      if (status === 401) authorization = ""
      if (status === 200) last = JSON.parse(text) as Told
      if (status === 200 && last !== undefined && reached(last)) return last
    } catch {
      authorization = ""
    }
    await sleep(2000)
  }
  throw new Error(`request ${id} got only as far as ${JSON.stringify(last)} within ${seconds} s`)
}

export const isOver = ({ state }: Told) => ["done", "refused", "failed"].includes(state)

/** The machine as the page shows it. */
export async function appliance(machine: Machine) {
  const { text } = await machine.get("/api/v1/appliance", { authorization: await signedIn(machine) })
  return JSON.parse(text)
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
