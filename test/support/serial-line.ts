import type { TranscriptEntry } from "../../service/provisioning/transcripts.ts"
import { serialBinding } from "../../service/serial/binding.ts"
import { SerialLine } from "../../service/serial/line.ts"
import { Transcript } from "../../service/serial/transcript.ts"

/** A real line over a real port (a pseudo-terminal will do), and everything that was written down about it. */
export async function openTestLine(path: string, baudRate = 115_200, signal = new AbortController().signal) {
  const entries: TranscriptEntry[] = []
  const transcript = new Transcript((entry) => entries.push(entry), Date.now)
  const port = await serialBinding.open(path, baudRate)
  const line = new SerialLine({ port, baudRate, transcript, signal })
  const logged = () => {
    transcript.flush()
    return entries.map(({ way, text }) => `${way} ${text}`).join("\n")
  }
  return { line, entries, logged, [Symbol.asyncDispose]: () => line[Symbol.asyncDispose]() }
}
