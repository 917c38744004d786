import assert from "node:assert/strict"
import { spawnSync } from "node:child_process"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { test } from "node:test"
import { control, debianVersion } from "../../../scripts/deb/control.ts"
import { developmentKeys } from "../../../scripts/image/keys.ts"
import { changesOf } from "../../../scripts/release/changelog.ts"
import { sign, writeChecksums } from "../../../scripts/release/signature.ts"

const CHANGELOG = `# Changelog

## [Unreleased]

## [0.2.0] - 2026-12-01

### Added
- A thing.

## [0.1.0] - 2026-11-01
- The first.
`

test("a release says what changed in it, and nothing of another", () => {
  assert.equal(changesOf(CHANGELOG, "0.2.0"), "### Added\n- A thing.")
  assert.equal(changesOf(CHANGELOG, "0.1.0"), "- The first.")
})

test("a version about which the changelog says nothing is not released", () => {
  assert.throws(() => changesOf(CHANGELOG, "Unreleased"), /says nothing about Unreleased/)
  assert.throws(() => changesOf(CHANGELOG, "0.3.0"), /0\.3\.0/)
})

test("a pre-release sorts before its release on Debian", () => {
  assert.equal(debianVersion("1.0.0-rc.1"), "1.0.0~rc.1")
  assert.match(
    control({ version: "1.0.0", architecture: "arm64", kibibytes: 7 }),
    /^Version: 1\.0\.0\nArchitecture: arm64$/m,
  )
})

test("checksums are signed, and openssl refuses them once they were changed", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "gatehouse-"))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  const keys = developmentKeys(join(folder, "keys"), "test")
  writeFileSync(join(folder, "card.img"), "card")
  await writeChecksums(folder, ["card.img"], "SHA256SUMS")
  const sums = join(folder, "SHA256SUMS")
  sign(sums, keys)
  const verify = () => {
    const input = ["-inform", "DER", "-in", `${sums}.p7s`, "-content", sums, "-CAfile", keys.keyring]
    return spawnSync("openssl", ["cms", "-verify", "-binary", ...input, "-purpose", "any", "-out", "/dev/null"]).status
  }
  assert.equal(spawnSync("sha256sum", ["--check", "SHA256SUMS"], { cwd: folder }).status, 0)
  assert.equal(verify(), 0)
  writeFileSync(sums, "other")
  assert.notEqual(verify(), 0)
})
