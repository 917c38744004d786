import assert from "node:assert/strict"
import { spawnSync } from "node:child_process"
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { type TestContext, test } from "node:test"
import { fileURLToPath } from "node:url"

const UNIT = fileURLToPath(new URL("../../../image/rootfs/usr/lib/systemd/system/gatehouse.service", import.meta.url))
const MOST_EXPOSED = 2.0

const lines = readFileSync(UNIT, "utf8").split("\n")
const valuesOf = (key: string) =>
  lines.filter((line) => line.startsWith(`${key}=`)).map((line) => line.slice(key.length + 1))

/** The unit as it is, but for a program that exists on the machine the test runs on. */
function copyOf(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), "gatehouse-"))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  const path = join(folder, "gatehouse.service")
  writeFileSync(path, lines.map((line) => (line.startsWith("ExecStart=") ? "ExecStart=/bin/true" : line)).join("\n"))
  return path
}

function analyze(...args: string[]) {
  const env = { ...process.env, SYSTEMD_COLORS: "0", SYSTEMD_PAGER: "" }
  return spawnSync("systemd-analyze", args, { encoding: "utf8", env })
}

test("systemd accepts every line of the unit", (t) => {
  const { status, stdout, stderr } = analyze("verify", "--man=no", copyOf(t))
  // complaints of the machine's own units are not ours
  const complaints = (stdout + stderr).split("\n").filter((line) => line.includes("gatehouse"))
  assert.deepEqual(complaints, [])
  assert.equal(status, 0, stderr)
})

test(`systemd finds it exposed by ${MOST_EXPOSED} at most`, (t) => {
  const { stdout, stderr } = analyze("security", "--offline=true", "--no-pager", copyOf(t))
  const exposure = /Overall exposure level for gatehouse\.service: ([\d.]+)/.exec(stdout)?.[1]
  assert.ok(exposure !== undefined, stderr)
  t.diagnostic(`exposure ${exposure}`)
  assert.ok(Number(exposure) <= MOST_EXPOSED, stdout)
})

test("it starts what the repository holds, and says when and how it wants to be heard", () => {
  const [command] = valuesOf("ExecStart")
  assert.equal(command, "/usr/lib/gatehouse/node_modules/.bin/node /usr/lib/gatehouse/service/main.js")
  const root = new URL("../../../", import.meta.url)
  assert.ok(existsSync(new URL("node_modules/.bin/node", root)))
  assert.deepEqual([valuesOf("Type"), valuesOf("NotifyAccess"), valuesOf("WatchdogSec")], [["notify"], ["all"], ["30"]])
  assert.deepEqual([valuesOf("StateDirectory"), valuesOf("StateDirectoryMode")], [["gatehouse"], ["0700"]])
  assert.ok(valuesOf("Environment").includes("GATEHOUSE_CONFIG=/etc/gatehouse/gatehouse.json"))
})
