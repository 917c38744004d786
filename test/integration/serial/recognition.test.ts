import assert from "node:assert/strict"
import { describe, it } from "node:test"
import type { OpenPort } from "../../../service/serial/binding.ts"
import { type Dialect, done } from "../../../service/serial/dialect.ts"
import { SerialLine } from "../../../service/serial/line.ts"
import { recognise } from "../../../service/serial/recognition.ts"
import { Transcript } from "../../../service/serial/transcript.ts"

/** A device that understands, and is understood, at one speed only: at another every byte is another. */
class Fixed implements OpenPort {
  readonly #speed: number
  readonly #says: string
  #now = 0
  #answers: Buffer[] = []
  #wake = Promise.withResolvers<void>()
  readonly speeds: number[] = []

  constructor(speed: number, says = "") {
    this.#speed = speed
    this.#says = says
  }

  async read(into: Buffer): Promise<number> {
    while (this.#answers.length === 0) await this.#wake.promise
    return this.#answers.shift()!.copy(into)
  }

  async write(bytes: Buffer): Promise<void> {
    const heard = this.#heard(bytes).toString("latin1")
    if (heard.includes("who?")) this.#say("me!\n")
    else if (this.#says !== "") this.#say(this.#says)
  }

  async setBaudRate(speed: number): Promise<void> {
    this.#now = speed
    this.speeds.push(speed)
  }

  async set(): Promise<void> {}
  async close(): Promise<void> {}

  #say(text: string): void {
    this.#answers.push(this.#heard(Buffer.from(text)))
    this.#wake.resolve()
    this.#wake = Promise.withResolvers()
  }

  #heard(bytes: Buffer): Buffer {
    return this.#now === this.#speed ? bytes : Buffer.from(bytes.map((byte) => byte ^ 0xe5))
  }
}

const dialect = (id: string, baudRates: readonly number[], question: string): Dialect => ({
  ...{ id, title: id, keyOrigin: "device", baudRates },
  async detect(line) {
    await line.write(`${question}\n`)
    const answer = await line.readLine({ timeoutMs: 40 }).catch(() => "")
    return answer === "me!" ? { state: "blank", model: "evil\u001b[2J\n" } : undefined
  },
  store: async () => done(),
  verify: async () => done({ proven: false }),
  connect: async () => done({ told: false }),
})

async function found(port: Fixed, dialects: readonly Dialect[], likely?: { dialect: string; baudRate: number }) {
  const transcript = new Transcript(() => {}, Date.now)
  await using line = new SerialLine({ port, baudRate: 1, transcript, signal: new AbortController().signal })
  return await recognise(line, { dialects, likely, patienceMs: 300 })
}

describe("a device whose speed nobody knows", () => {
  const ours = dialect("ours", [115_200, 9600, 921_600, 57_600], "who?")
  const other = dialect("other", [115_200], "hey!")

  it("is found at whatever speed it has, the likeliest first", async () => {
    for (const speed of [115_200, 9600, 921_600, 57_600]) {
      const outcome = await found(new Fixed(speed), [other, ours])
      assert.ok(outcome.ok)
      assert.deepEqual([outcome.value.device.dialect, outcome.value.device.baudRate], ["ours", speed])
      assert.equal(outcome.value.device.model, "evil?[2J?")
    }
  })

  it("is asked first as it was found last", async () => {
    const port = new Fixed(57_600)
    const outcome = await found(port, [other, ours], { dialect: "ours", baudRate: 57_600 })
    assert.ok(outcome.ok)
    assert.deepEqual(port.speeds, [57_600])
  })

  it("that speaks another language is refused with what was heard, a silent one with what to check", async () => {
    const strange = await found(new Fixed(115_200, "I (12) wifi: connected to the plant\n"), [other])
    assert.ok(!strange.ok && strange.code === "not-recognised" && /bytes were received/.test(strange.sentence))
    const silent = await found(new Fixed(300), [other])
    assert.ok(!silent.ok && silent.code === "silent" && silent.passing)
    assert.match(silent.ok ? "" : silent.sentence, /115200 baud.*power/)
  })
})
