#!/usr/bin/env node
import { VERSION } from "../service/version.ts"
import { Api } from "./cli/api.ts"
import { resolve, type Typed } from "./cli/arguments.ts"
import { type Call, Failure } from "./cli/command.ts"
import { COMMANDS } from "./cli/commands.ts"
import { help } from "./cli/help.ts"
import { Screen, shown, wantsColours } from "./cli/screen.ts"
import { socketIn, stateDirectory } from "./cli/state.ts"

/** The process edge of the command line: what was typed, what is printed, the exit status. */
async function main(argv: readonly string[]): Promise<void> {
  // a reader that has seen enough, such as `head`, is no fault
  process.stdout.on("error", (error) => process.exit("code" in error && error.code === "EPIPE" ? 0 : 1))
  try {
    await perform(resolve(argv, COMMANDS))
  } catch (error) {
    if (!(error instanceof Failure)) throw error
    process.stderr.write(`gatehouse: ${shown(error.message)}\n`)
    process.exitCode = error.status
  }
}

async function perform(typed: Typed): Promise<void> {
  const write = (text: string) => void process.stdout.write(text)
  if ("help" in typed) write(help(typed.help, COMMANDS))
  else if ("version" in typed) write(`${VERSION}\n`)
  else await typed.command.run(callOf(typed, write))
}

function callOf({ values, operands }: Extract<Typed, { command: unknown }>, write: (text: string) => void): Call {
  const state = stateDirectory(values.get("state")?.[0], process.env)
  return {
    operand: (name) => operands.get(name) ?? "",
    text: (option) => values.get(option)?.[0],
    texts: (option) => values.get(option) ?? [],
    flag: (option) => values.has(option),
    api: new Api(socketIn(state)),
    screen: new Screen(values.has("json"), wantsColours(process.stdout, process.env), write),
    state,
    exitWith(status) {
      process.exitCode = status
    },
  }
}

await main(process.argv.slice(2))
