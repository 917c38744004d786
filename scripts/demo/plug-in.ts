import { join } from "node:path"
import { setTimeout as delay } from "node:timers/promises"
import { Board } from "../device/board.ts"
import type { DemoApi } from "./api.ts"
import { plugIn } from "./cable.ts"

const NAME = "valve-7"
const PATIENCE_MS = 60_000

export const NO_CABLE =
  "A device would now be plugged in, over a serial cable made of pseudo-terminals; for that socat is missing. Install it (apt-get install socat) and run the demo again to see it."

/**
 * A simulated device is plugged in and provisioned over its serial cable, up to its own first connection. Answers what
 * happened, in a sentence; throws when something else did.
 */
export async function provisionOverUsb(api: DemoApi, folder: string): Promise<string> {
  const ordered = await api.post("/serial/jobs", { username: NAME, host: "127.0.0.1" })
  await using cable = await plugIn(folder)
  if (cable === undefined) {
    await api.post(`/serial/jobs/${ordered.id}/cancel`)
    return NO_CABLE
  }
  const began = performance.now()
  await using board = await Board.powerUp({ port: cable.device, folder: join(folder, "device"), uid: "sim-demo" })
  const job = await done(api, String(ordered.id))
  const seconds = ((performance.now() - began) / 1000).toFixed(1)
  const { title } = job.device as { readonly title: string }
  const { publicKey } = job.certificate as { readonly publicKey: string }
  if (!board.network.connected) throw new Error("expected: the device is connected")
  return `A device was plugged in and recognised (${title}). ${seconds} s later it had its own key (${publicKey.slice(0, 8)}…), certificate, trust anchor and the broker's address as ${NAME}, and had connected.`
}

async function done(api: DemoApi, id: string): Promise<Record<string, unknown>> {
  const until = performance.now() + PATIENCE_MS
  for (;;) {
    const job = await api.get(`/serial/jobs/${id}`)
    if (job.state === "done") return job
    if (performance.now() > until) throw new Error(`expected: the device is provisioned; ${JSON.stringify(job)}`)
    await delay(50)
  }
}
