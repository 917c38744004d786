import assert from "node:assert/strict"
import { spawnSync } from "node:child_process"
import { readFileSync } from "node:fs"
import { test } from "node:test"
import { fileURLToPath } from "node:url"
import { bootImages, contentsOf, START_BYTES } from "../../../scripts/image/boot-images.ts"
import { loadMeta } from "../../../scripts/image/meta.ts"
import { BuildError } from "../../../scripts/image/run.ts"
import { contentAt, uBootImage } from "../../../scripts/image/u-boot-image.ts"

const FOLDER = fileURLToPath(new URL("../../../image", import.meta.url))
const { boards } = loadMeta(`${FOLDER}/image.json`)
const PARTS = {
  script: readFileSync(`${FOLDER}/boot/slot.cmd`, "utf8"),
  boards,
  trees: boards.map(({ name }) => Buffer.from(name.repeat(1000))),
  initramfs: Buffer.alloc(10_000, 1),
  kernel: Buffer.alloc(4096 - 64, 2),
  epoch: 0,
  verity: (before: number) => `${before},1,aa,bb`,
}

/** An independent reader: fields by offset, sums by another program's library. */
const READ_IMAGE = `
import sys, struct, zlib
b = sys.stdin.buffer.read()
magic, hcrc, time, size, load, entry, dcrc, os, arch, type, comp, name = struct.unpack(">7I4B32s", b[:64])
assert magic == 0x27051956 and len(b) == 64 + size
assert zlib.crc32(b[:4] + bytes(4) + b[8:64]) == hcrc and zlib.crc32(b[64:]) == dcrc
print(time, hex(load), entry, os, arch, type, comp, name.rstrip(b"\\0").decode(), b[64:].hex())
`

function read(image: Buffer): string {
  const { stdout, stderr } = spawnSync("python3", ["-c", READ_IMAGE], { input: image, encoding: "utf8" })
  return stdout.trim() || stderr
}

test("an image has the header U-Boot knows, with both sums", () => {
  const tree = uBootImage({ type: "flat-dt", content: Buffer.from("tree"), epoch: 99, address: 0x02600000 })
  assert.equal(read(tree), "99 0x2600000 0 5 22 8 0 gatehouse 74726565")
  assert.equal(contentAt(tree, 0).toString(), "tree")
  const script = uBootImage({ type: "script", content: Buffer.from("true\n"), epoch: 1 })
  assert.equal(read(script), "1 0x0 0 5 22 6 0 gatehouse 0000000500000000747275650a")
  assert.equal(contentAt(script, 0).toString(), "true\n")
  assert.throws(() => contentAt(Buffer.alloc(200), 0), /no U-Boot image at byte 0/)
})

test("a slot begins with a script that knows where trees, initramfs and kernel lie; the kernel is last", () => {
  const images = bootImages(PARTS)
  assert.equal(images.length % 4096, 0)
  const [start, ...contents] = contentsOf(images)
  assert.deepEqual(contents, [...PARTS.trees, PARTS.initramfs, PARTS.kernel])
  const text = String(start)
  assert.match(text, new RegExp(`gatehouse.verity=${images.length},1,aa,bb `))
  assert.match(text, new RegExp(`begin} ${(images.length / 512).toString(16)}; then bootm`))
  assert.doesNotMatch(text, /@/)
  const places = [...text.matchAll(/part_addr} \+ ([0-9a-f]+)/g)].map(([, place]) => Number.parseInt(place!, 16))
  assert.equal(places[0], START_BYTES)
  assert.deepEqual(
    places.map((place) => contentAt(images, place)),
    contents,
  )
  for (const { deviceTree, bootLoaderName = deviceTree } of boards) assert.ok(text.includes(`"${bootLoaderName}"`))
})

test("a start script that U-Boot would read only half of stops the build", () => {
  assert.throws(
    () => bootImages({ ...PARTS, script: "#".repeat(START_BYTES) }),
    (error) => error instanceof BuildError && /start script takes 8264 of 8192 bytes/.test(error.message),
  )
})
