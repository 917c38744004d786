import { spawn, spawnSync } from "node:child_process"
import { readFile } from "node:fs/promises"
import { join } from "node:path"
import { Firmware } from "../../scripts/device/firmware.ts"
import { Storage } from "../../scripts/device/storage.ts"
import type { OpenPort } from "../../service/serial/binding.ts"
import { PortFault } from "../../service/serial/port-fault.ts"
import { encodeFrame, parseFrame } from "../../service/serial/protocol/frame.ts"

const ROOT = join(import.meta.dirname, "../..")
const DEVICE = join(ROOT, "docs/reference-device")
const HOST = join(import.meta.dirname, "reference-device")

export const SANITIZED = ["-fsanitize=address,undefined", "-fno-sanitize-recover=all", "-g", "-O1"]

/** Compiles the reference device with its host into a folder, as strictly as gcc can. Throws with gcc's complaints. */
export function buildReferenceDevice(folder: string, options: readonly string[] = ["-Os"]): string {
  const out = join(folder, "reference-device")
  const strict = ["-std=c99", "-Wall", "-Wextra", "-Werror", "-pedantic", "-Wshadow", "-Wconversion"]
  compile(["-c", join(DEVICE, "gatehouse-device.c"), "-o", `${out}.o`, ...strict, ...options])
  compile([
    "-std=c99",
    "-Wall",
    "-Wextra",
    "-Werror",
    ...options,
    "-I",
    DEVICE,
    join(HOST, "host.c"),
    `${out}.o`,
    "-o",
    out,
  ])
  return out
}

function compile(args: readonly string[]): void {
  const { status, stderr } = spawnSync("gcc", args, { encoding: "utf8" })
  if (status !== 0) throw new Error(`gcc ${args.join(" ")}:\n${stderr}`)
}

/** Sends everything at once and resolves with everything the device answered; rejects when it crashed. */
export async function converse(program: string, args: readonly string[], input: Buffer): Promise<string> {
  const device = spawn(program, args, { stdio: ["pipe", "pipe", "pipe"] })
  const exit = new Promise<number | null>((resolve) => device.once("close", resolve))
  device.stdin.on("error", () => {}) // a crash is told by its exit status
  device.stdin.end(input)
  const [said, complaints] = await Promise.all([textOf(device.stdout), textOf(device.stderr)])
  const status = await exit
  if (status !== 0) throw new Error(`the reference device ended with ${status}:\n${complaints}`)
  return said
}

async function textOf(stream: NodeJS.ReadableStream): Promise<string> {
  let text = ""
  stream.setEncoding("latin1")
  for await (const chunk of stream) text += chunk
  return text
}

/** docs/reference-device/transcript.txt: the lines to send and the answers, none for a line that is noise. */
export async function readTranscript(): Promise<{ sent: string; answer: string | undefined }[]> {
  const exchanges: { sent: string; answer: string | undefined }[] = []
  for (const line of (await readFile(join(DEVICE, "transcript.txt"), "latin1")).split("\n")) {
    if (line.startsWith("> ")) exchanges.push({ sent: line.slice(2).replace(/\\r$/, "\r"), answer: undefined })
    else if (line.startsWith("< ")) exchanges.at(-1)!.answer = line.slice(2)
  }
  return exchanges
}

/** What the transcript's device calls its request. */
export const TRANSCRIPT_REQUEST = Buffer.from(Array.from({ length: 200 }, (_, i) => (7 * i + 3) & 0xff))

/** The reference device as a port: its standard streams are the line. */
export function portTo(program: string, args: readonly string[]): OpenPort {
  const device = spawn(program, args, { stdio: ["pipe", "pipe", "inherit"] })
  const chunks = device.stdout[Symbol.asyncIterator]()
  let rest: Buffer = Buffer.alloc(0)
  return {
    async read(into) {
      if (rest.length === 0) {
        const { value, done } = await chunks.next()
        if (done) throw PortFault.gone(program)
        rest = value
      }
      const count = rest.copy(into)
      rest = rest.subarray(count)
      return count
    },
    write: (bytes) => new Promise((resolve) => device.stdin.write(bytes, () => resolve())),
    setBaudRate: async () => {},
    set: async () => {},
    close: async () => void device.stdin.end(),
  }
}

/** The simulated device as the transcript has it: one line in, its answers out. */
export function simulatedIn(state: string): (line: string) => string {
  const csrPem = `-----BEGIN-----\n${TRANSCRIPT_REQUEST.toString("base64")}\n-----END-----\n`
  const firmware = new Firmware({
    storage: new Storage(state, "ref-0001"),
    model: "reference",
    version: "1.0",
    lock: "code",
    code: "1234",
    makeKey: () => ({ keyPem: "", csrPem, spkiHash: "" }),
    isPair: () => true,
    connect: () => {},
  })
  const answered = (line: string) => {
    const request = parseFrame(line)
    const answer = request && firmware.answer(request)
    return answer === undefined ? "" : `\n${encodeFrame(answer)}\n`
  }
  return (line) => line.split("\r").map(answered).join("")
}
