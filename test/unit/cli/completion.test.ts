import assert from "node:assert/strict"
import { execFile } from "node:child_process"
import { mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
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

type Shell = "bash" | "zsh" | "fish"

/** What a shell offers after each of these lines, whose last word is being typed. */
function offeredBy(shell: Shell, lines: readonly string[]): Promise<string[][]> {
  if (shell === "zsh") return offeredByZsh(lines)
  const one = shell === "bash" ? (line: string) => offered(...line.split(" ")) : offeredByFish
  return Promise.all(lines.map(one))
}

/** zsh completes on a terminal alone: it is given one, and what its completion adds is read instead of shown. */
async function offeredByZsh(lines: readonly string[]): Promise<string[][]> {
  const folder = await mkdtemp(join(tmpdir(), "gatehouse-zsh-"))
  try {
    await writeFile(join(folder, "_gatehouse"), await script("zsh"))
    const { stdout } = await run("zsh", ["-f", "-c", ZSH, "zsh", folder, ...lines], { timeout: 30_000 })
    return stdout
      .split("--\n")
      .slice(0, -1)
      .map((found) => found.split("\n").filter(Boolean))
  } finally {
    await rm(folder, { recursive: true })
  }
}

/** A zsh in a pseudo-terminal, whose `compadd` writes what it would offer into a file. */
const ZSH = `
zmodload zsh/zpty
zpty shell zsh -f -i
zpty -w shell "fpath=($1 \\$fpath); autoload -Uz compinit; compinit -u -d $1/dump
compadd() { local -a found; builtin compadd -O found \\"\\$@\\"; print -l -- \\$found >> $1/found }
list() { zle complete-word; zle kill-buffer; touch $1/done }; zle -N list; bindkey '^I' list; touch $1/done"
wait() { until [[ -e $1/done ]]; do sleep 0.02; done; rm $1/done }
folder=$1; shift; wait $folder
for line; do
  zpty -w -n shell "gatehouse $line"$'\t'
  wait $folder
  [[ -e $folder/found ]] && cat $folder/found && rm $folder/found
  print -- --
done
zpty -d shell
`

async function offeredByFish(line: string): Promise<string[]> {
  const ask = `${await script("fish")}\ncomplete -C ${JSON.stringify(`gatehouse ${line}`)}`
  const { stdout } = await run("fish", ["--no-config", "-c", ask], { cwd: import.meta.dirname })
  return stdout.trim().split("\n").filter(Boolean)
}

/** What bash offers. */
async function offered(...words: string[]): Promise<string[]> {
  const ask = `${await script("bash")}
COMP_WORDS=(gatehouse "$@"); COMP_CWORD=$#; _gatehouse; printf '%s\\n' "\${COMPREPLY[@]}"`
  const { stdout } = await run("bash", ["-c", ask, "bash", ...words], { cwd: import.meta.dirname })
  return stdout.trim().split("\n").filter(Boolean)
}

const OFFERED: Readonly<Record<string, readonly string[]>> = {
  us: ["user"],
  "user dis": ["disable"],
  "--state /x cert re": ["revoke"],
  "user add pump-1 --cert": ["--certificate"],
  "explain pump-1 wr": ["write"],
  "completion z": ["zsh"],
  "user add a --note ": [],
}

describe("the completion", () => {
  it("is a script that its shell can read", async () => {
    for (const shell of ["bash", "zsh"]) await run(shell, ["-n", "-c", await script(shell)])
    await run("fish", ["--no-execute", "-c", await script("fish")])
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

  for (const shell of ["bash", "zsh", "fish"] as const) {
    it(`offers the same in ${shell}, really asked`, async () => {
      const asked = Object.entries(OFFERED)
      const found = await offeredBy(
        shell,
        asked.map(([line]) => line),
      )
      assert.deepEqual(
        found,
        asked.map(([, words]) => words),
      )
    })
  }

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
