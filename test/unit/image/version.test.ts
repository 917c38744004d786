import assert from "node:assert/strict"
import { test } from "node:test"
import { compareVersions, isVersion } from "../../../image/rootfs/usr/lib/gatehouse/box/version.ts"

test("versions are ordered as semver.org 2.0.0 clause 11 orders its own examples, and more", () => {
  const ordered = [
    "0.0.9",
    "0.1.0",
    "0.9.0",
    "0.10.0",
    "1.0.0-alpha",
    "1.0.0-alpha.1",
    "1.0.0-alpha.beta",
    "1.0.0-beta",
    "1.0.0-beta.2",
    "1.0.0-beta.11",
    "1.0.0-rc.1",
    "1.0.0",
    "1.0.1",
  ]
  for (const [left, a] of ordered.entries()) {
    for (const [right, b] of ordered.entries()) assert.equal(Math.sign(compareVersions(a, b)), Math.sign(left - right))
  }
})

test("what is built from the same version counts as the same", () => {
  assert.equal(compareVersions("1.0.0+one", "1.0.0+two"), 0)
})

test("what is no version is told from one", () => {
  for (const text of [
    "",
    "1",
    "1.0",
    "v1.0.0",
    "1.0.0 ",
    "1.0.0-",
    "1.0.0\n",
    "../1.0.0",
    "1.0.0.0",
    "1.0.99999999999",
  ]) {
    assert.equal(isVersion(text), false, JSON.stringify(text))
  }
})
