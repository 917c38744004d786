import assert from "node:assert/strict"
import { readFileSync } from "node:fs"
import { test } from "node:test"
import { resolve } from "../../../scripts/cli/arguments.ts"
import { COMMANDS } from "../../../scripts/cli/commands.ts"
import { GLOBAL_OPTIONS } from "../../../scripts/cli/global-options.ts"
import { help, usage, written } from "../../../scripts/cli/help.ts"

const text = readFileSync(new URL("../../../docs/command-line.md", import.meta.url), "utf8")
const sections = [...text.matchAll(/^### `(gatehouse .*)`\n+(.+)\n+ {4}gatehouse (.+)\n((?:\n- .+)*)/gm)].map(
  ([, heading, summary, example, options]) => ({
    heading,
    summary,
    example,
    options: [...(options ?? "").matchAll(/- `(.+?)`: (.+)/g)].map(([, name, what]) => [name, what]),
  }),
)

test("docs/command-line.md has every command, in the table's order, with its example and its options", () => {
  assert.deepEqual(
    sections,
    COMMANDS.map((command) => ({
      heading: usage(command),
      summary: command.summary,
      example: command.example,
      options: Object.entries(command.options ?? {}).map(([name, option]) => [written(name, option), option.summary]),
    })),
  )
})

test("every example is one that its command takes", () => {
  for (const { words, example } of COMMANDS) {
    const [line = ""] = example.split(" > ")
    const argv = [...line.matchAll(/"([^"]*)"|'([^']*)'|(\S+)/g)].map(([, a, b, c]) => a ?? b ?? c ?? "")
    const found = resolve(argv, COMMANDS)
    assert.equal("command" in found && found.command.words, words)
  }
})

test("every command has its help, and no option the name of one that all have", () => {
  for (const command of COMMANDS) {
    assert.match(help(command.words, COMMANDS), /^Usage: gatehouse .*\nExample:\n {2}gatehouse /s)
    for (const name of Object.keys(command.options ?? {})) assert.ok(!(name in GLOBAL_OPTIONS), name)
  }
})
