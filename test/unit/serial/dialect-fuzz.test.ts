import assert from "node:assert/strict"
import { describe, test } from "node:test"
import fc from "fast-check"
import { makeDeviceKey } from "../../../service/ca/device-key.ts"
import { type Line, LineFault } from "../../../service/serial/dialect.ts"
import { DIALECTS } from "../../../service/serial/dialects/dialects.ts"
import { eccx08 } from "../../../service/serial/dialects/eccx08.ts"
import { gatehouse } from "../../../service/serial/dialects/gatehouse.ts"
import { encodeFrame, LONGEST_FRAME, type Message, parseFrame } from "../../../service/serial/protocol/frame.ts"
import { taskFor } from "../../support/provisioning.ts"
import { certify } from "./workbench.ts"

/** A line on which everything was said beforehand, and on which time-outs take no time. */
class Babble implements Line {
  readonly baudRate = 115_200
  readonly signal = new AbortController().signal
  readonly heard: string
  written = ""
  reads = 0
  #rest: string
  readonly #pieces: string[]

  constructor(pieces: readonly string[]) {
    this.heard = pieces.join("").slice(-4096)
    this.#pieces = [...pieces]
    this.#rest = this.#pieces.shift() ?? ""
  }

  async readLine(): Promise<string> {
    const end = this.#rest.indexOf("\n")
    if (end < 0) throw this.#silence()
    const line = this.#rest.slice(0, end).replace(/\r$/, "")
    this.#rest = this.#rest.slice(end + 1)
    return line
  }

  async readUntil(wanted: string | RegExp): Promise<string> {
    const at = typeof wanted === "string" ? this.#rest.indexOf(wanted) : this.#rest.search(wanted)
    if (at < 0) throw this.#silence()
    const length = typeof wanted === "string" ? wanted.length : (wanted.exec(this.#rest)?.[0].length ?? 0)
    const text = this.#rest.slice(0, at + length)
    this.#rest = this.#rest.slice(at + length)
    return text
  }

  async readBytes(): Promise<Buffer> {
    throw this.#silence()
  }

  discard(): void {}

  async write(data: string | Buffer): Promise<void> {
    this.written += data.toString("latin1")
    this.#rest += this.#pieces.shift() ?? ""
  }

  say(text: string): void {
    this.#rest += text
  }

  async wait(ms: number): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve, Math.min(ms, 1)))
  }

  async set(): Promise<void> {}

  #silence(): LineFault {
    this.reads++
    return new LineFault("timeout", "nothing")
  }
}

/** What any of these devices may say, and what looks like it. */
const piece = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.constantFrom(
      "\r\nOK\r\n",
      "OK\n",
      "ERROR\r\n",
      "+CME ERROR: 513\r\n",
      "+CME ERROR: memory full\r\n",
      "CONNECT\r\n",
      ">",
      "uart:~$ ",
      "\x1b[1;32m",
    ),
  },
  {
    weight: 5,
    arbitrary: fc.constantFrom(
      "Nordic Semiconductor ASA\r\n",
      "Quectel\r\n",
      "u-blox\r\n",
      "mfw_nrf9160_1.3.5\r\n",
      "352656109480783\r\n",
      '%CMNG: 16842753,2,"',
      `%KEYGEN: "MIIB.OK"\r\n`,
      '%KEYGEN: "',
      "+QFUPL: 12,ab\r\n",
      '+USECMNG: 0,0,"gatehouse_ca","',
      "3 credentials found.\r\n",
      "16842753,PK,AAAA,0\r\n",
      "Stored 48 bytes.\r\n",
      "Stored 99999999999999999999 bytes.\r\n",
    ),
  },
  {
    weight: 3,
    arbitrary: fc.constantFrom(
      "ECCX08 Serial Number = 0123\r\n",
      "would you like to PERMANENTLY configure and lock it now? (y/N) [N]: ",
      "Country Name (2 letter code) []: ",
      "Would you like to generate a new private key? (Y/n) [Y]: ",
      "Here's your CSR, enjoy!\r\n",
      "-----BEGIN CERTIFICATE REQUEST-----\r\nAAAA\r\n-----END CERTIFICATE REQUEST-----\r\n",
    ),
  },
  { weight: 2, arbitrary: fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes).toString("latin1")) },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      "x".repeat(9000),
      "\n".repeat(500),
      "\0".repeat(100),
      "-----BEGIN CERTIFICATE REQUEST-----".repeat(60),
    ),
  },
)
const babble = fc.array(
  fc.array(piece, { maxLength: 6 }).map((parts) => parts.join("")),
  { maxLength: 25 },
)

describe("whatever a device says, a dialect ends with an answer of its own and asks for no end of it", () => {
  for (const dialect of DIALECTS) {
    test(dialect.title, async () => {
      const { keyPem, csrPem } = makeDeviceKey("pump-1")
      const material = { ...(await certify("pump-1", csrPem)), privateKeyPem: keyPem }
      const steps = [
        (line: Line) => dialect.request?.(line, taskFor("pump-1")) ?? Promise.resolve(undefined),
        (line: Line) => dialect.store(line, taskFor("pump-1"), material),
        (line: Line) => dialect.verify(line, taskFor("pump-1"), material),
        (line: Line) => dialect.connect(line, taskFor("pump-1"), material),
      ]
      if (dialect !== eccx08) steps.push((line) => dialect.detect(line) as never)
      const property = fc.asyncProperty(babble, fc.constantFrom(...steps), async (pieces, step) => {
        const line = new Babble(pieces)
        const outcome = await step(line)
        assert.ok(outcome === undefined || typeof outcome === "object")
        assert.ok(line.written.length < 64 * 1024 && line.reads < 500)
        if (dialect === eccx08) assert.doesNotMatch(line.written, /^[yY]/m)
      })
      await fc.assert(property, { numRuns: 150 })
    })
  }
})

/** A device that answers every request of our own protocol at once, with whatever was drawn for it. */
class Liar extends Babble {
  readonly #answers: Message[]

  constructor(answers: readonly Message[]) {
    super([])
    this.#answers = [...answers]
  }

  override async write(data: string | Buffer): Promise<void> {
    this.written += data.toString("latin1")
    const request = parseFrame(data.toString("latin1").trim())
    const answer = this.#answers.shift()
    if (request !== undefined && answer !== undefined) this.say(`\n${encodeFrame({ ...answer, id: request.id! })}\n`)
  }
}

const text = fc.constantFrom(
  "blank",
  "pending",
  "active",
  "p256",
  "job1",
  "code",
  "button",
  "",
  "AAAA",
  "0".repeat(64),
  "wait",
  "hash",
  "locked",
  "x".repeat(96),
)
const number = fc.constantFrom(0, 1, 2, 192, 200, 8192, 8193, 65536, 4294967295)
const names = [
  "ok",
  "err",
  "v",
  "uid",
  "st",
  "max",
  "alg",
  "job",
  "sha",
  "len",
  "off",
  "next",
  "d",
  "lock",
  "ms",
  "net",
  "serial",
]
const plausible = fc.constantFrom<Message>(
  { ok: 1, v: 1, uid: "liar", st: "blank", alg: "p256" },
  { ok: 1, v: 1, uid: "liar", st: "pending", alg: "p256", job: "job1", max: 256 },
  { ok: 1, len: 4, sha: "0".repeat(64) },
  { ok: 1, off: 0, d: "AAAA" },
  { ok: 1, next: 0 },
  { ok: 1, next: 640 },
  { ok: 1 },
)
const wild = fc.dictionary(fc.constantFrom(...names), fc.oneof(text, number), { maxKeys: 8 })
const ID: Message = { id: 0xffff_ffff }
const lie: fc.Arbitrary<Message> = fc
  .oneof(
    plausible,
    plausible,
    fc.tuple(plausible, wild).map(([a, b]) => ({ ...a, ...b })),
    wild,
  )
  // what no frame can carry is no answer; lines too long are babbled above
  .filter((message) => `@GH${JSON.stringify({ ...message, ...ID })}*0000`.length <= LONGEST_FRAME)

test("whatever answers a device gives in our own protocol, every step ends with an outcome", async () => {
  const { csrPem } = makeDeviceKey("pump-1")
  const material = await certify("pump-1", csrPem)
  const steps = [
    (line: Line) => gatehouse.detect(line),
    (line: Line) => gatehouse.request!(line, taskFor("pump-1", { "label-code": '"\\{1' })),
    (line: Line) => gatehouse.store(line, taskFor("pump-1"), material),
    (line: Line) => gatehouse.verify(line, taskFor("pump-1"), material),
    (line: Line) => gatehouse.connect(line, taskFor("pump-1"), material),
  ]
  const property = fc.asyncProperty(fc.array(lie, { maxLength: 40 }), fc.constantFrom(...steps), async (lies, step) => {
    const line = new Liar(lies)
    await step(line)
    assert.ok(line.written.length < 64 * 1024)
  })
  await fc.assert(property, { numRuns: 1500 })
})
