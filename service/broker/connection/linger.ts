import type { Duplex } from "node:stream"

/** Time a peer has to take our last words, milliseconds, and bytes of its own that are still read meanwhile. */
const LINGER_MS = 1000
const LINGER_BYTES = 65536

/**
 * Closes a stream whose last frames are written. What the peer still sends is read a little and thrown away: a close
 * with unread bytes would be a reset, and the reset would eat the frame that says why.
 */
export function closeLingering(stream: Duplex): void {
  let more = 0
  stream.removeAllListeners("data")
  stream.on("data", (chunk: Buffer) => {
    more += chunk.length
    if (more > LINGER_BYTES) stream.destroy()
  })
  stream.resume()
  stream.end()
  const timer = setTimeout(() => stream.destroy(), LINGER_MS)
  timer.unref()
  stream.once("close", () => clearTimeout(timer))
}
