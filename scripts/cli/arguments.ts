import { parseArgs } from "node:util"
import { type Command, misused, type Option } from "./command.ts"
import { GLOBAL_OPTIONS } from "./global-options.ts"
import { nearest } from "./nearest.ts"

/** What was typed, resolved to a command, or to the part of the table whose help is wanted. */
export type Typed =
  | { readonly help: string }
  | { readonly version: true }
  | { readonly command: Command; readonly values: Values; readonly operands: ReadonlyMap<string, string> }

/** Every value given for an option; `[""]` for a switch. */
export type Values = ReadonlyMap<string, readonly string[]>

/** Resolves a command line. Throws a `Failure` with one line, and what was probably meant. */
export function resolve(argv: readonly string[], commands: readonly Command[]): Typed {
  const { before, rest } = leading(argv)
  if (rest[0] === "--version" && rest.length === 1) return { version: true }
  if (rest[0] === "help") return { help: known(rest.slice(1), commands) }
  const words = leadingWords(rest)
  const command = commands.find(({ words: own }) => own === words[0] || own === words.join(" "))
  if (command === undefined) {
    const wantsHelp = [...before, ...rest].some((word) => word === "--help" || word === "-h")
    if (wantsHelp || argv.length === 0) return { help: known(words, commands) }
    if (rest[0]?.startsWith("-")) throw unknownOption(rest[0], GLOBAL_OPTIONS, "")
    throw unknownCommand(words, commands)
  }
  const own = rest.slice(command.words.split(" ").length)
  const { values, words: operands } = parsed([...before, ...own], command)
  if (values.has("help")) return { help: command.words }
  return { command, values, operands: named(operands, command) }
}

/** The global options before the command's words. */
function leading(argv: readonly string[]): { before: string[]; rest: string[] } {
  let at = 0
  for (; at < argv.length; at++) {
    const word = argv[at]!
    if (word === "--state") at++
    else if (!/^(--state=.*|--json|--help|-h)$/s.test(word)) break
  }
  return { before: argv.slice(0, at), rest: argv.slice(at) }
}

/** The noun, and the verb where one follows. */
function leadingWords([first, second]: readonly string[]): string[] {
  const isWord = (word: string | undefined) => word !== undefined && !word.startsWith("-")
  if (!isWord(first)) return []
  return [first, second].filter((word) => word !== undefined).filter(isWord)
}

/** The words of a command or the noun of several; "" for all. */
function known(words: readonly string[], commands: readonly Command[]): string {
  const wanted = words.join(" ")
  const exists = commands.some(({ words: own }) => own === wanted || own.startsWith(`${wanted} `))
  if (wanted === "" || exists) return wanted
  throw unknownCommand(words, commands)
}

function unknownCommand([noun = "", verb]: readonly string[], commands: readonly Command[]): Error {
  const verbs = commands.filter(({ words }) => words.startsWith(`${noun} `)).map(({ words }) => words.split(" ")[1]!)
  if (noun === "") return misused("say which command; gatehouse --help lists them")
  if (verbs.length > 0 && verb === undefined) return misused(`${noun} what? One of ${verbs.join(", ")}`)
  const typed = verbs.length > 0 ? `${noun} ${verb}` : noun
  const candidates = verbs.length > 0 ? verbs : commands.map(({ words }) => words.split(" ")[0]!)
  const near = nearest((verbs.length > 0 ? verb : noun) ?? "", candidates)
  const meant =
    near === undefined ? "gatehouse --help lists them" : `did you mean ${verbs.length > 0 ? `${noun} ` : ""}${near}?`
  return misused(`there is no command ${quoted(typed)}; ${meant}`)
}

function parsed(args: string[], command: Command): { values: Values; words: string[] } {
  const options = { ...command.options, ...GLOBAL_OPTIONS }
  const types = Object.entries(options).map(([name, { value }]) => [name, { type: kind(value) }] as const)
  const declared = { ...Object.fromEntries(types), help: { type: "boolean", short: "h" } } as const
  const { tokens } = parseArgs({ args, options: declared, strict: false, tokens: true })
  const values = new Map<string, string[]>()
  const words: string[] = []
  for (const token of tokens) {
    if (token.kind === "positional") words.push(token.value)
    if (token.kind !== "option") continue
    const option = Object.hasOwn(options, token.name) ? options[token.name] : undefined
    if (option === undefined) throw unknownOption(token.rawName, options, command.words)
    const given = values.get(token.name) ?? []
    if (given.length > 0 && !option.many) throw misused(`--${token.name} is given twice`)
    values.set(token.name, [...given, checkedValue(option, token)])
  }
  return { values, words }
}

function kind(value: string | undefined): "string" | "boolean" {
  return value === undefined ? "boolean" : "string"
}

interface OptionToken {
  readonly name: string
  readonly value: string | undefined
  readonly inlineValue: boolean | undefined
}

function checkedValue({ value: wanted, choices }: Option, { name, value, inlineValue }: OptionToken): string {
  if (wanted === undefined) {
    // what stands there may be a password: it is not repeated
    if (value !== undefined) throw misused(`--${name} takes no value`)
    return ""
  }
  if (value === undefined) throw misused(`--${name} needs a value: --${name} ${wanted}`)
  if (!inlineValue && /^-./.test(value)) {
    throw misused(`--${name} needs a value; one that begins with - is written --${name}=${wanted}`)
  }
  if (choices !== undefined && !choices.includes(value)) throw misused(`--${name} is one of ${choices.join(", ")}`)
  return value
}

function unknownOption(rawName: string, options: Readonly<Record<string, Option>>, words: string): Error {
  const [name = ""] = rawName.split("=")
  const near = nearest(name.replace(/^-+/, ""), Object.keys(options))
  const where = words === "" ? "gatehouse" : `gatehouse ${words}`
  const meant = near === undefined ? `see ${where} --help` : `did you mean --${near}?`
  return misused(`there is no option ${quoted(name)} of ${where}; ${meant}`)
}

function named(words: readonly string[], { operands = [], words: command }: Command): Map<string, string> {
  const missing = operands[words.length]
  if (missing !== undefined) throw misused(`${missing.name} is missing; see gatehouse ${command} --help`)
  if (words.length > operands.length) {
    const wanted = operands.length === 0 ? "nothing" : `only ${operands.map(({ name }) => name).join(" ")}`
    // the surplus word may be a password typed in the wrong place: it is not repeated
    throw misused(`gatehouse ${command} takes ${wanted} besides its options; a password never goes on the command line`)
  }
  for (const [i, { name, choices }] of operands.entries()) {
    if (choices === undefined || choices.includes(words[i]!)) continue
    const near = nearest(words[i]!, choices)
    throw misused(`${name} is one of ${choices.join(", ")}${near === undefined ? "" : `; did you mean ${near}?`}`)
  }
  return new Map(operands.map(({ name }, i) => [name, words[i]!]))
}

function quoted(text: string): string {
  return JSON.stringify(text)
}
