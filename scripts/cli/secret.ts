import { StringDecoder } from "node:string_decoder"
import type { ReadStream } from "node:tty"
import { type Call, Failure, misused, type Option } from "./command.ts"

const LONGEST = 4096
const INTERRUPTED = 130

/** The ways in for a password: the arguments of a process are everybody's to read, so it is never one of them. */
export const PASSWORD_STDIN: Option = { summary: "read the password from standard input, up to the first line's end" }

/** A new password: from standard input where that was asked for, else typed twice on the terminal, unseen. */
export async function newPassword(call: Call, whose: string): Promise<string> {
  if (call.flag("password-stdin")) return firstLine()
  if (!process.stdin.isTTY) {
    throw misused("there is no terminal to ask for the password on; give it on standard input with --password-stdin")
  }
  const [password = "", again] = await unseen(process.stdin, [`Password for ${whose}: `, "The same again: "])
  if (password === "") throw misused("the password is empty")
  if (password !== again) throw misused("the two passwords differ")
  return password
}

async function firstLine(): Promise<string> {
  let text = ""
  process.stdin.setEncoding("utf8")
  for await (const chunk of process.stdin) {
    text += chunk
    if (text.length > LONGEST) throw misused("standard input holds more than a password")
  }
  const [line = ""] = text.split(/\r?\n/, 1)
  if (line === "") throw misused("standard input holds no password")
  return line
}

/** Reads lines without showing them. The questions go to standard error: standard output may be a program's. */
async function unseen(terminal: ReadStream, questions: readonly string[]): Promise<string[]> {
  const keys = keysOf(terminal)
  const lines: string[] = []
  terminal.setRawMode(true)
  try {
    for (const question of questions) {
      process.stderr.write(question)
      lines.push(await typedLine(keys))
      process.stderr.write("\n")
    }
    return lines
  } finally {
    terminal.setRawMode(false)
    terminal.destroy()
  }
}

async function* keysOf(terminal: ReadStream): AsyncGenerator<string, void> {
  const decoder = new StringDecoder("utf8")
  for await (const bytes of terminal) yield* decoder.write(bytes)
}

/** In raw mode the keys that edit and interrupt arrive as characters too. */
async function typedLine(keys: AsyncGenerator<string, void>): Promise<string> {
  let line: string[] = []
  for (;;) {
    const { value: key, done } = await keys.next()
    if (done || key === "\x03" || key === "\x04") throw new Failure("interrupted", INTERRUPTED)
    if (key === "\r" || key === "\n") return line.join("")
    if (key === "\x15") line = []
    else if (key === "\x7f" || key === "\b") line.pop()
    else if (key >= " ") line.push(key)
  }
}
