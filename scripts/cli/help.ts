import type { Command, Option } from "./command.ts"
import { GLOBAL_OPTIONS } from "./global-options.ts"

const INTRODUCTION = `gatehouse looks after the gateway on this machine, through a socket that only root and the gateway's user can
open. Nobody signs in: whoever may open it is the administrator "local".

Usage: gatehouse COMMAND [OPTION]...`

const CLOSING = `The socket lies in the state directory: --state DIR, else $GATEHOUSE_STATE, else ./state, else /var/lib/gatehouse.
gatehouse COMMAND --help says more. Exit status: 0 done, 1 refused or not running, 2 mistyped (doctor: 0, 1, 2).`

/** The help of one command, of a noun, or of everything (""). */
export function help(words: string, commands: readonly Command[]): string {
  const command = commands.find((candidate) => candidate.words === words)
  if (command !== undefined) return ofCommand(command)
  if (words === "")
    return `${INTRODUCTION}\n\n${listed(commands)}\n\n${OPTIONS}\n\n${examples(commands.filter(({ example }) => example.includes("--")))}\n\n${CLOSING}\n`
  const below = commands.filter((candidate) => candidate.words.startsWith(`${words} `))
  return `Usage: gatehouse ${words} COMMAND [OPTION]...\n\n${listed(below)}\n\n${examples(below)}\n`
}

/** How the command is written, without the global options. */
export function usage({ words, operands = [], options = {} }: Command): string {
  const names = operands.map(({ name, choices }) => choices?.join("|") ?? name)
  const rest = Object.keys(options).length === 0 ? [] : ["[OPTION]..."]
  return ["gatehouse", words, ...names, ...rest].join(" ")
}

/** An option as it is written: `--role NAME`. */
export function written(name: string, { value, many }: Option): string {
  return `--${name}${value === undefined ? "" : ` ${value}`}${many ? " ..." : ""}`
}

function ofCommand(command: Command): string {
  const { options = {}, summary, example } = command
  const own = Object.keys(options).length === 0 ? "" : `\n${described(options)}\n`
  return `Usage: ${usage(command)}\n\n${summary}\n${own}\n${OPTIONS}\n\nExample:\n  gatehouse ${example}\n`
}

function described(options: Readonly<Record<string, Option>>): string {
  return columns(Object.entries(options).map(([name, option]) => [written(name, option), option.summary]))
}

const OPTIONS = `Always:\n${described(GLOBAL_OPTIONS)}`

function listed(commands: readonly Command[]): string {
  return columns(commands.map(({ words, summary }) => [words, summary]))
}

function examples(commands: readonly Command[]): string {
  return ["Examples:", ...commands.slice(0, 6).map(({ example }) => `  gatehouse ${example}`)].join("\n")
}

function columns(rows: readonly (readonly [string, string])[]): string {
  const width = Math.max(...rows.map(([left]) => left.length))
  return rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right}`).join("\n")
}
