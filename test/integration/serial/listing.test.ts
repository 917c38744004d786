import assert from "node:assert/strict"
import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { describe, it } from "node:test"
import { Hotplug } from "../../../service/serial/hotplug.ts"
import { listPorts } from "../../../service/serial/listing.ts"

/** A /sys and a /dev with one USB adapter in a hub's second socket, and a port of the board itself. */
async function machine() {
  const root = await mkdtemp(join(tmpdir(), "gatehouse-root-"))
  const usb = join(root, "sys/devices/platform/usb1/1-1/1-1.2")
  const port = join(usb, "1-1.2:1.0/ttyUSB0")
  for (const folder of [port, join(root, "sys/class/tty/ttyUSB0"), join(root, "sys/class/tty/ttyS0")]) {
    await mkdir(folder, { recursive: true })
  }
  await mkdir(join(root, "dev/serial/by-id"), { recursive: true })
  await symlink(port, join(root, "sys/class/tty/ttyUSB0/device"))
  const attributes = { idVendor: "10c4\n", idProduct: "ea60\n", serial: "0001\u0007\n", product: "CP2102\n" }
  for (const [name, text] of Object.entries(attributes)) await writeFile(join(usb, name), text)
  const plug = async () => {
    await writeFile(join(root, "dev/ttyUSB0"), "")
    await symlink("../../ttyUSB0", join(root, "dev/serial/by-id/usb-Silicon_Labs_CP2102_0001-if00"))
  }
  const pull = async () => {
    await rm(join(root, "dev/ttyUSB0"))
    await rm(join(root, "dev/serial/by-id/usb-Silicon_Labs_CP2102_0001-if00"))
  }
  await plug()
  const dispose = () => rm(root, { recursive: true, force: true })
  return { root, plug, pull, [Symbol.asyncDispose]: dispose }
}

describe("the list of serial ports", () => {
  it("is read without another program: file, stable link, vendor, product, serial number and physical socket", async () => {
    await using it = await machine()
    const [port, ...others] = await listPorts({ root: it.root, ignore: [], extra: [] })
    assert.deepEqual(others, [], "the board's own ports are left alone")
    assert.deepEqual(port?.plug, {
      path: join(it.root, "dev/ttyUSB0"),
      byId: join(it.root, "dev/serial/by-id/usb-Silicon_Labs_CP2102_0001-if00"),
      vendorId: "10c4",
      productId: "ea60",
      serialNumber: "0001",
      product: "CP2102",
      location: "1-1.2",
    })
  })

  it("leaves out what is ignored by its stable name or its file, and takes in what is named besides", async () => {
    await using it = await machine()
    const { root } = it
    const extra = [join(root, "dev/ttyAMA0"), join(root, "dev/nothing")]
    await writeFile(extra[0]!, "")
    const paths = async (ignore: string[]) =>
      (await listPorts({ root, ignore, extra })).map(({ plug }) => plug.path.slice(root.length))
    assert.deepEqual(await paths([]), ["/dev/ttyUSB0", "/dev/ttyAMA0"])
    assert.deepEqual(await paths(["usb-Silicon_Labs_*"]), ["/dev/ttyAMA0"])
    assert.deepEqual(await paths([join(root, "dev/ttyUSB*")]), ["/dev/ttyAMA0"])
  })

  it("is empty, and no failure, where there is neither /sys nor /dev", async () => {
    assert.deepEqual(await listPorts({ root: "/nowhere", ignore: [], extra: [] }), [])
  })

  it("is followed: a port that was exchanged under the same name has vanished and appeared", async () => {
    await using it = await machine()
    const told: string[] = []
    await using hotplug = new Hotplug({
      ...{ root: it.root, ignore: [], extra: [], periodMs: 60_000 },
      onAppeared: () => told.push("appeared"),
      onVanished: () => told.push("vanished"),
      onFailed: (error) => told.push(String(error)),
    })
    await hotplug.look()
    await it.pull()
    await writeFile(join(it.root, "dev/in-between"), "") // so that the file system has another inode to give
    await it.plug()
    await hotplug.look()
    await it.pull()
    await hotplug.look()
    assert.deepEqual(
      told.filter((_, i) => i < 1 || told[i] !== told[i - 1]),
      ["appeared", "vanished", "appeared", "vanished"],
    )
  })
})
