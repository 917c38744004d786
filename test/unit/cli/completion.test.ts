import assert from "node:assert/strict"
import { execFile } from "node:child_process"
import { describe, it } from "node:test"
import { promisify } from "node:util"
import type { Call } from "../../../scripts/cli/command.ts"
import { COMMANDS } from "../../../scripts/cli/commands.ts"
import { Screen } from "../../../scripts/cli/screen.ts"

const run = promisify(execFile)

async function script(shell: string): Promise<string> {
  let written = ""
  const completion = COMMANDS.find(({ words }) => words === "completion")
  const screen = new Screen(false, false, (text) => (written += text))
  const nothing = { api: undefined as never, state: "", exitWith: () => {}, text: () => undefined }
  const call: Call = { ...nothing, operand: () => shell, texts: () => [], flag: () => false, screen }
  await completion?.run(call)
  return written
}

/** What bash offers after these words, the last of which is being typed. */
async function offered(...words: string[]): Promise<string[]> {
  const ask = `${await script("bash")}
COMP_WORDS=(gatehouse "$@"); COMP_CWORD=$#; _gatehouse; printf '%s\\n' "\${COMPREPLY[@]}"`
  const { stdout } = await run("bash", ["-c", ask, "bash", ...words], { cwd: import.meta.dirname })
  return stdout.trim().split("\n").filter(Boolean)
}

describe("the completion", () => {
  it("is a script that its shell can read", async () => {
    for (const shell of ["bash", "zsh"]) await run("bash", ["-n", "-c", await script(shell)])
  })

  it("offers nouns, verbs, options and the words an operand may be", async () => {
    assert.deepEqual(await offered("us"), ["user"])
    assert.ok((await offered("")).includes("doctor"))
    assert.deepEqual(await offered("user", "dis"), ["disable"])
    assert.deepEqual(await offered("--state", "/x", "cert", "re"), ["revoke"])
    assert.deepEqual(await offered("user", "add", "pump-1", "--cert"), ["--certificate"])
    assert.deepEqual(await offered("explain", "pump-1", "wr"), ["write"])
    assert.deepEqual(await offered("completion", "z"), ["zsh"])
  })

  it("offers files where a file may stand, and nothing where only a person knows", async () => {
    assert.deepEqual(await offered("cert", "sign", "pump-1", "completion.te"), ["completion.test.ts"])
    assert.deepEqual(await offered("cert", "chain", "--out", "completion.te"), ["completion.test.ts"])
    assert.deepEqual(await offered("user", "add", "a", "--note", ""), [])
  })

  it("offers every command of the table", async () => {
    const text = await script("bash")
    for (const { words } of COMMANDS) assert.ok(text.includes(`" ${words}"*)`), words)
  })
})
