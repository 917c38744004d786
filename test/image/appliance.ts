import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import type { TestContext } from "node:test"
import { setTimeout as sleep } from "node:timers/promises"
import { partitions } from "../../scripts/image/disk.ts"
import { developmentKeys, type Signing } from "../../scripts/image/keys.ts"
import { loadMeta } from "../../scripts/image/meta.ts"
import { run } from "../../scripts/image/run.ts"
import { Machine, type MachineOptions } from "./machine.ts"

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
/** Of one case, in milliseconds. */
export const CASE = { timeout: 7_200_000 } as const

export const ADMINISTRATOR = { username: "boss", password: "twelve or more 12" }

/** An empty folder of a case. */
export function scratch(name: string): string {
  const folder = join(WORK, "cases", name)
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  return folder
}

/** A card with a fresh image. */
export function freshCard(folder: string, size: "4G" | "16G" = "4G"): string {
  return cardOn(folder, built("base", "img"), size)
}

/** A card that holds what `below` does, which stays as it is. */
export function cardOn(folder: string, below: string, ...size: string[]): string {
  const disk = join(folder, "disk.qcow2")
  const format = below.endsWith(".qcow2") ? "qcow2" : "raw"
  run("qemu-img", ["create", "-q", "-f", "qcow2", "-b", below, "-F", format, disk, ...size])
  return disk
}

/** A machine that was just switched on. It ends with the test. */
export async function powered(
  t: TestContext,
  folder: string,
  disk: string,
  options: Pick<MachineOptions, "from" | "memoryMiB" | "bootLoaderOnly"> = {},
): Promise<Machine> {
  const machine = await Machine.start({
    disk,
    uBoot: built("base", "u-boot-qemu.bin"),
    folder: join(folder, "machine"),
    ...options,
  })
  t.after(() => machine.cutPower())
  return machine
}

const KEPT = join(WORK, "kept.qcow2")

/** What is kept for the other cases: a machine that is healthy and nobody's, and one that is in service. */
export type Kept = "fresh" | "ready"

/** Keeps the machine as it runs. */
export async function keep(machine: Machine, name: Kept): Promise<void> {
  await machine.qmp.monitor(`savevm ${name}`)
}

/** Ends the machine; from now on the others can go on from what was kept of it. */
export async function keepAll(machine: Machine): Promise<void> {
  await machine.cutPower()
  copyFileSync(machine.disk, KEPT)
}

/** A machine that goes on from where `keep` kept it: booted and healthy. */
export async function machineFrom(t: TestContext, kept: Kept, name: string): Promise<Machine> {
  if (!existsSync(KEPT)) throw new Error("no machine was kept; run start.test.ts first")
  const folder = scratch(name)
  const disk = join(folder, "disk.qcow2")
  copyFileSync(KEPT, disk)
  return await powered(t, folder, disk, { from: kept })
}

/** A fact that one case leaves for the others. */
export function leave(name: string, value: unknown): void {
  writeFileSync(join(WORK, `${name}.json`), JSON.stringify(value))
}

export function left<T>(name: string): T {
  return JSON.parse(readFileSync(join(WORK, `${name}.json`), "utf8"))
}

/** Whatever tells one box from another, a line each. */
export async function identity(machine: Machine): Promise<string[]> {
  const facts = await machine.run(`
    cat /etc/machine-id /etc/hostname
    sfdisk --disk-id /run/gatehouse/disk/whole
    find /var/lib/gatehouse -name '*.key' -o -name '*.pem' -o -name '*.crt' | sort | xargs sha256sum | cut -c 1-64
    sha256sum </var/lib/systemd/random-seed`)
  return facts.trim().split("\n")
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

/** Asks for an act on the machine itself, freshly signed in; answers the request's id. */
export async function act(machine: Machine, method: "POST" | "PUT", what: string, body?: unknown): Promise<string> {
  const authorization = await signedIn(machine)
  const { status, text } = await machine.call(method, `/api/v1/appliance/${what}`, { authorization }, body)
  if (status !== 202) throw new Error(`${what} was answered ${status}: ${text}`)
  return JSON.parse(text).id
}

/** Waits until a request has got as far as `reached` says. While the box restarts it answers nothing. */
export async function toldOnce(machine: Machine, id: string, reached: (answer: Told) => boolean, seconds: number) {
  const until = performance.now() + seconds * 1000
  let last: unknown
  while (performance.now() < until) {
    try {
      const answer = (await look(machine, `appliance/requests/${id}`)) as Told
      if (reached(answer)) return answer
      last = answer
    } catch (error) {
      last = error
    }
    await sleep(3000)
  }
  throw new Error(`request ${id} got only as far as ${JSON.stringify(last)} within ${seconds} s`, { cause: last })
}

export const isOver = ({ state }: Told) => ["done", "refused", "failed"].includes(state)

// biome-ignore lint/suspicious/noExplicitAny: what the API says is what the tests judge
type Said = any

/** The machine as the page shows it. */
export function appliance(machine: Machine): Promise<Said> {
  return look(machine, "appliance")
}

/** The caps of the gateway and how far each is used. */
export async function limitsOf(machine: Machine): Promise<Record<string, number>> {
  const { limits } = await look(machine, "limits")
  return Object.fromEntries(limits.map(({ name, value }: { name: string; value: number }) => [name, value]))
}

/** What the API says of the gateway. */
export function apiStatus(machine: Machine): Promise<{ version: string; claimed: boolean }> {
  return look(machine, "status")
}

const tokens = new WeakMap<Machine, string>()

/** An answer of the API. A sign-in is emulated for seconds, so one is used as long as it is good for. */
async function look(machine: Machine, path: string): Promise<Said> {
  const authorization = tokens.get(machine) ?? (await signedIn(machine))
  tokens.set(machine, authorization)
  const { status, text } = await machine.get(`/api/v1/${path}`, { authorization })
  if (status === 200) return JSON.parse(text)
  tokens.delete(machine)
  if (status === 401) return await look(machine, path)
  throw new Error(`${path} was answered ${status}: ${text}`)
}

/** Takes a box into service with the code from its disk. */
export async function claim(machine: Machine): Promise<void> {
  const code = (await machine.run("cat /var/lib/gatehouse/claim-code")).trim()
  const { status, text } = await machine.call("POST", "/api/v1/claim", {}, { code, ...ADMINISTRATOR })
  if (status !== 201) throw new Error(`the claim was answered ${status}: ${text}`)
}

/** What goes into the header `authorization` of the administrator's calls. */
export async function signedIn(machine: Machine): Promise<string> {
  const { status, text } = await machine.call("POST", "/api/v1/tokens", {}, ADMINISTRATOR)
  if (status !== 201) throw new Error(`signing in was answered ${status}: ${text}`)
  return `Bearer ${JSON.parse(text).token}`
}

/** Writes a file onto a card. */
export function writeTo(disk: string, at: number, file: string): void {
  run("qemu-io", ["-f", "qcow2", "-c", `write -q -s ${file} ${at} ${readFileSync(file).length}`, disk])
}

/** Changes one bit of a card. */
export function flipBit(disk: string, at: number): void {
  const io = (command: string) => run("qemu-io", ["-f", "qcow2", "-c", command, disk])
  const before = /^[0-9a-f]+:\s+([0-9a-f]{2})/m.exec(io(`read -v ${at} 1`))?.[1]
  const flipped = Number.parseInt(before ?? "00", 16) ^ 1
  io(`write -P 0x${flipped.toString(16)} ${at} 1`)
}
