import type { Api } from "./api.ts"
import type { Screen } from "./screen.ts"

/** A command, declared: the parser, the help, the completion and docs/command-line.md are read from this. */
export interface Command {
  /** One word, or a noun and a verb. */
  readonly words: string
  readonly summary: string
  readonly operands?: readonly Operand[]
  readonly options?: Readonly<Record<string, Option>>
  /** What a person would type, without the program's name. */
  readonly example: string
  run(call: Call): Promise<void>
}

export interface Operand {
  readonly name: string
  readonly choices?: readonly string[]
  /** A file's name; a shell completes those. */
  readonly file?: boolean
}

export interface Option {
  /** What stands for the value in the help; an option without one is a switch. */
  readonly value?: string
  readonly choices?: readonly string[]
  /** It may be given more than once. */
  readonly many?: boolean
  readonly file?: boolean
  readonly summary: string
}

/** One call of a command: what was typed, checked against its declaration, and what it works with. */
export interface Call {
  operand(name: string): string
  text(option: string): string | undefined
  texts(option: string): readonly string[]
  flag(option: string): boolean
  readonly api: Api
  readonly screen: Screen
  /** The state directory of the gateway in question. */
  readonly state: string
  /** Ends with this exit status instead of 0. */
  exitWith(status: number): void
}

/** The person typed what no command takes. */
export const USAGE = 2
/** The gateway refused, or could not be reached. */
export const REFUSED = 1

/** Ends the program with one line and a status. */
export class Failure extends Error {
  readonly status: number
  /** The API's stable code, where it was the API that refused. */
  readonly code: string | undefined

  constructor(message: string, status = REFUSED, code?: string) {
    super(message)
    this.status = status
    this.code = code
  }
}

export function misused(message: string): Failure {
  return new Failure(message, USAGE)
}
