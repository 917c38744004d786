import assert from "node:assert/strict"
import { spawnSync } from "node:child_process"
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, truncateSync, writeFileSync, writeSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { type TestContext, test } from "node:test"
import { fileURLToPath } from "node:url"
import { crc32 } from "node:zlib"

const PROGRAM = fileURLToPath(new URL("../../../image/rootfs/usr/lib/gatehouse/boot-state", import.meta.url))
const COPIES = [1 << 20, 2 << 20] as const
const SIZE = 4096

function freshDisk(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), "gatehouse-"))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  const disk = join(folder, "disk")
  writeFileSync(disk, "")
  truncateSync(disk, 4 << 20)
  return disk
}

function bootState(disk: string, ...args: string[]): string {
  const { status, stdout, stderr } = spawnSync("sh", [PROGRAM, ...args], {
    encoding: "utf8",
    env: { ...process.env, GATEHOUSE_DISK: disk },
  })
  assert.equal(status, 0, stderr)
  return stdout.trim()
}

function shown(disk: string): Record<string, string> {
  return Object.fromEntries(
    bootState(disk, "show")
      .split("\n")
      .map((line) => line.split("=")),
  )
}

/** A copy as U-Boot's `env export -c -s 1000` writes it. */
function uBootCopy(variables: Record<string, string>): Buffer {
  const copy = Buffer.alloc(SIZE)
  copy.write(
    `${Object.entries(variables)
      .map((entry) => entry.join("="))
      .join("\0")}\0\0`,
    4,
  )
  copy.writeUInt32LE(crc32(copy.subarray(4)))
  return copy
}

function overwrite(disk: string, at: number, bytes: Buffer): void {
  const file = openSync(disk, "r+")
  writeSync(file, bytes, 0, bytes.length, at)
  closeSync(file)
}

test("a fresh card starts slot A", (t) => {
  const disk = freshDisk(t)
  assert.deepEqual(shown(disk), { BOOT_SEQ: "0", BOOT_ORDER: "A B", BOOT_A_LEFT: "3", BOOT_B_LEFT: "3" })
  assert.equal(bootState(disk, "get-primary"), "A")
})

test("an update makes the other slot the first to try, with three starts; being healthy gives it six", (t) => {
  const disk = freshDisk(t)
  bootState(disk, "set-state", "B", "bad")
  assert.equal(bootState(disk, "get-state", "B"), "bad")
  bootState(disk, "set-primary", "B")
  assert.deepEqual(shown(disk), { BOOT_SEQ: "2", BOOT_ORDER: "B A", BOOT_A_LEFT: "3", BOOT_B_LEFT: "3" })
  bootState(disk, "set-state", "B", "good")
  assert.equal(shown(disk).BOOT_B_LEFT, "6")
  bootState(disk, "set-state", "B", "bad")
  assert.equal(bootState(disk, "get-primary"), "A")
})

test("what U-Boot wrote is read, sequence numbers in hex as U-Boot counts", (t) => {
  const disk = freshDisk(t)
  overwrite(disk, COPIES[0], uBootCopy({ BOOT_A_LEFT: "5", BOOT_B_LEFT: "1", BOOT_ORDER: "B A", BOOT_SEQ: "ff" }))
  overwrite(disk, COPIES[1], uBootCopy({ BOOT_A_LEFT: "6", BOOT_B_LEFT: "2", BOOT_ORDER: "A B", BOOT_SEQ: "fe" }))
  assert.deepEqual(shown(disk), { BOOT_SEQ: "255", BOOT_ORDER: "B A", BOOT_A_LEFT: "5", BOOT_B_LEFT: "1" })
  bootState(disk, "set-state", "B", "good")
  const written = readFileSync(disk).subarray(COPIES[1], COPIES[1] + SIZE)
  assert.deepEqual(written, uBootCopy({ BOOT_A_LEFT: "5", BOOT_B_LEFT: "6", BOOT_ORDER: "B A", BOOT_SEQ: "100" }))
})

test("a copy torn at any byte by a power cut leaves the state before", (t) => {
  const disk = freshDisk(t)
  bootState(disk, "set-state", "A", "good")
  const before = shown(disk)
  const older = readFileSync(disk)
  bootState(disk, "set-primary", "B")
  const newer = readFileSync(disk)
  const at = COPIES.find((start) => !older.subarray(start, start + SIZE).equals(newer.subarray(start, start + SIZE)))!
  for (const cut of [1, 4, 5, 17, 50]) {
    const torn = Buffer.from(older)
    newer.copy(torn, at, at, at + cut)
    writeFileSync(disk, torn)
    assert.deepEqual(shown(disk), before, `cut after ${cut} bytes`)
  }
})

test("each write goes to the copy that is not the newest", (t) => {
  const disk = freshDisk(t)
  for (let round = 0; round < 4; round++) {
    const before = readFileSync(disk)
    bootState(disk, "set-state", "A", round % 2 === 0 ? "good" : "bad")
    const after = readFileSync(disk)
    const changed = COPIES.filter(
      (start) => !before.subarray(start, start + SIZE).equals(after.subarray(start, start + SIZE)),
    )
    assert.equal(changed.length, 1)
    assert.equal(Number(shown(disk).BOOT_SEQ), round + 1)
  }
})

test("a slot that there is not is refused", (t) => {
  const disk = freshDisk(t)
  const { status } = spawnSync("sh", [PROGRAM, "set-primary", "C"], { env: { ...process.env, GATEHOUSE_DISK: disk } })
  assert.notEqual(status, 0)
})
