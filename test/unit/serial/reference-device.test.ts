import assert from "node:assert/strict"
import { mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { after, before, describe, test } from "node:test"
import { mutatedLines } from "../../../scripts/fuzz/serial-lines.ts"
import {
  buildReferenceDevice,
  converse,
  readTranscript,
  SANITIZED,
  simulatedIn,
  TRANSCRIPT_REQUEST,
} from "../../support/reference-device.ts"

let folder: string
before(async () => {
  folder = await mkdtemp(join(tmpdir(), "gatehouse-c-device-"))
  await writeFile(join(folder, "request.der"), TRANSCRIPT_REQUEST)
})
after(() => rm(folder, { recursive: true, force: true }))

const spoken = (text: string) => text.split("\n").filter((line) => line !== "")

describe("the documented transcript", () => {
  test("is what the simulated device answers", async () => {
    const answer = simulatedIn(join(folder, "transcript"))
    for (const exchange of await readTranscript()) {
      assert.equal(answer(exchange.sent).trim(), exchange.answer ?? "", exchange.sent)
    }
  })

  for (const [how, options] of [
    ["for size", ["-Os"]],
    ["with the address and undefined-behaviour sanitizers", SANITIZED],
  ] as const) {
    test(`is what the reference device in C answers, built ${how}`, async () => {
      const exchanges = await readTranscript()
      const program = buildReferenceDevice(folder, options)
      const input = Buffer.from(exchanges.map(({ sent }) => `${sent}\n`).join(""), "latin1")
      const answers = exchanges.map(({ answer }) => answer).filter((answer) => answer !== undefined)
      assert.deepEqual(spoken(await converse(program, [folder, "code"], input)), answers)
    })
  }
})

test("the reference device and the simulated one answer the same to 8,000 damaged and hostile lines, and neither falls", async () => {
  const lines = mutatedLines(await readTranscript(), 8_000)
  const answer = simulatedIn(join(folder, "damaged"))
  const input = Buffer.from(lines.map((line) => `${line}\n`).join(""), "latin1")
  const program = buildReferenceDevice(folder, SANITIZED)
  const said = spoken(await converse(program, [folder, "code"], input))
  const expected = spoken(lines.map(answer).join(""))
  assert.ok(said.length > 500, `${said.length} answers`)
  const differs = said.findIndex((text, i) => text !== expected[i])
  assert.deepEqual([said[differs], said.length], [expected[differs], expected.length])
})
