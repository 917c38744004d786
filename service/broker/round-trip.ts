import type { Core } from "./core.ts"
import { Message } from "./message.ts"
import type { RoutedPacket, Router } from "./routing/router.ts"

/** Resolves once a message published in the process came back through the whole pipeline; rejects after `timeoutMs`. */
export async function roundTrip(core: Core, router: Router, timeoutMs: number): Promise<void> {
  const topic = `$SYS/${core.id}/round-trip`
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const heard = (_packet: RoutedPacket, done: () => void) => {
    done()
    resolve()
  }
  router.on(topic, heard)
  const timer = setTimeout(() => reject(new Error(`no round trip within ${timeoutMs} ms`)), timeoutMs)
  core.publish(new Message(topic, Buffer.alloc(0), 1, false, ""), null, (error) => error && reject(error))
  try {
    await promise
  } finally {
    clearTimeout(timer)
    router.removeListener(topic, heard)
  }
}
