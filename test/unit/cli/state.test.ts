import assert from "node:assert/strict"
import { resolve } from "node:path"
import { test } from "node:test"
import { socketIn, stateDirectory } from "../../../scripts/cli/state.ts"

test("the state directory is the one told, else the environment's, else at hand, else the installed service's", () => {
  assert.equal(stateDirectory("/told", { GATEHOUSE_STATE: "/named" }), "/told")
  assert.equal(stateDirectory("relative", {}), resolve("relative"))
  assert.equal(stateDirectory(undefined, { GATEHOUSE_STATE: "/named" }), "/named")
  assert.ok([resolve("state"), "/var/lib/gatehouse"].includes(stateDirectory(undefined, { GATEHOUSE_STATE: "" })))
  assert.equal(socketIn("/told"), "/told/control.sock")
})
