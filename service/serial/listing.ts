import { lstat, readdir, readFile, readlink, realpath, stat } from "node:fs/promises"
import { basename, dirname, join, matchesGlob } from "node:path"
import type { Plug } from "../provisioning/job.ts"

export interface ListingOptions {
  /** "/"; tests put a tree of their own here. */
  readonly root: string
  /** Patterns of by-id names and device files that are left alone, such as a modem of the gateway itself. */
  readonly ignore: readonly string[]
  /** Device files beside those on USB. */
  readonly extra: readonly string[]
}

/** A port as the system lists it. */
export interface Listed {
  readonly plug: Plug
  /** Differs between two plug-ins, even when the name is the same. */
  readonly incarnation: string
}

/**
 * The serial ports that are there, read from /sys/class/tty: no other program is needed (udevadm is missing in slim
 * containers, and the service may not start it). USB adapters and USB devices (ttyUSB, ttyACM), and what `extra` names.
 */
export async function listPorts({ root, ignore, extra }: ListingOptions): Promise<Listed[]> {
  const byId = await linksTo(join(root, "dev/serial/by-id"))
  const usb = (await readdir(join(root, "sys/class/tty")).catch(() => [])).filter((name) =>
    /^tty(USB|ACM)\d+$/.test(name),
  )
  const found = await Promise.all([
    ...usb.map((name) => usbPort(root, name, byId.get(name))),
    ...extra.map((path) => plainPort(path)),
  ])
  const ignored = ({ path, byId: link }: Plug) =>
    ignore.some((glob) => matchesGlob(path, glob) || (link !== undefined && matchesGlob(basename(link), glob)))
  return found.filter((port) => port !== undefined).filter(({ plug }) => !ignored(plug))
}

async function usbPort(root: string, name: string, link: string | undefined): Promise<Listed | undefined> {
  const path = join(root, "dev", name)
  const incarnation = await incarnationOf(path)
  const device = await realpath(join(root, "sys/class/tty", name, "device")).catch(() => undefined)
  if (incarnation === undefined || device === undefined) return undefined
  const usb = await usbDeviceOf(device)
  const facts = usb === undefined ? {} : await factsOf(usb)
  return { plug: { path, ...(link === undefined ? {} : { byId: link }), ...facts }, incarnation }
}

async function plainPort(path: string): Promise<Listed | undefined> {
  const incarnation = await incarnationOf(path)
  return incarnation === undefined ? undefined : { plug: { path }, incarnation }
}

/** Inode and time of birth of the file, and of the link to it: devtmpfs and devpts give every node new ones. */
async function incarnationOf(path: string): Promise<string | undefined> {
  const files = await Promise.all([lstat(path), stat(path)]).catch(() => undefined)
  return files?.map(({ ino, rdev, birthtimeMs }) => `${ino}:${rdev}:${birthtimeMs}`).join(" ")
}

/** The folder of the USB device that a tty's device folder lies in: the first one above it that has an idVendor. */
async function usbDeviceOf(folder: string): Promise<string | undefined> {
  let at = folder
  for (let up = 0; up < 6; up++) {
    if ((await attributeOf(at, "idVendor")) !== undefined) return at
    at = dirname(at)
  }
  return undefined
}

async function factsOf(usb: string): Promise<Partial<Plug>> {
  const [vendorId, productId, serialNumber, manufacturer, product] = await Promise.all(
    ["idVendor", "idProduct", "serial", "manufacturer", "product"].map((name) => attributeOf(usb, name)),
  )
  const hex = (text: string | undefined) => (text !== undefined && /^[0-9a-f]{4}$/.test(text) ? text : undefined)
  const facts = { vendorId: hex(vendorId), productId: hex(productId), serialNumber, manufacturer, product }
  return { ...defined(facts), location: basename(usb) }
}

/** An attribute as text that may be shown; a stick's vendor writes what it likes. */
async function attributeOf(folder: string, name: string): Promise<string | undefined> {
  const text = await readFile(join(folder, name), "utf8").catch(() => "")
  const plain = text
    .replace(/[^\x20-\x7e]/g, " ")
    .trim()
    .slice(0, 200)
  return plain === "" ? undefined : plain
}

async function linksTo(folder: string): Promise<Map<string, string>> {
  const names = await readdir(folder).catch(() => [])
  const links = names.map(async (name) => {
    const target = await readlink(join(folder, name)).catch(() => "")
    return [basename(target), join(folder, name)] as const
  })
  return new Map(await Promise.all(links))
}

function defined<T extends object>(facts: T): Partial<Plug> {
  return Object.fromEntries(Object.entries(facts).filter(([, value]) => value !== undefined))
}
