import { mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { parseArgs } from "node:util"
import {
  buildReferenceDevice,
  converse,
  readTranscript,
  SANITIZED,
  simulatedIn,
  TRANSCRIPT_REQUEST,
} from "../test/support/reference-device.ts"
import { mutatedLines } from "./fuzz/serial-lines.ts"

/**
 * The reference device in C, under the sanitizers, and the simulated one get the same damaged and hostile lines, and must
 * give the same answers: `npm run fuzz:serial -- --seconds 600 --seed 1`. Ends with exit status 1 at the first difference.
 */
const { values } = parseArgs({ options: { seconds: { type: "string" }, seed: { type: "string" } } })
const ROUND = 20_000

const folder = await mkdtemp(join(tmpdir(), "gatehouse-fuzz-serial-"))
try {
  await writeFile(join(folder, "request.der"), TRANSCRIPT_REQUEST)
  const program = buildReferenceDevice(folder, SANITIZED)
  const exchanges = await readTranscript()
  const until = performance.now() + Number(values.seconds ?? 60) * 1000
  let seed = Number(values.seed ?? 1)
  let lines = 0
  for (; performance.now() < until; seed++, lines += ROUND) {
    const round = mutatedLines(exchanges, ROUND, seed)
    const said = await converse(program, [folder, "code"], Buffer.from(`${round.join("\n")}\n`, "latin1"))
    compare(said, round.map(simulatedIn(join(folder, `device-${seed}`))).join(""), seed)
    await rm(join(folder, `device-${seed}`), { recursive: true, force: true })
  }
  console.log(`${lines} lines: both devices live and agree; the next seed is ${seed}`)
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  process.exitCode = 1
} finally {
  await rm(folder, { recursive: true, force: true })
}

function compare(reference: string, simulated: string, seed: number): void {
  if (reference === simulated) return
  const [ours, theirs] = [simulated.split("\n"), reference.split("\n")]
  const at = theirs.findIndex((line, i) => line !== ours[i])
  throw new Error(`seed ${seed}, answer ${at}: the reference device says ${theirs[at]}, the simulated one ${ours[at]}`)
}
