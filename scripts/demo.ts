import { once } from "node:events"
import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { systemClock } from "../service/clock.ts"
import { loadConfig } from "../service/config.ts"
import { startGateway } from "../service/gateway.ts"
import { silentLog } from "../service/log.ts"
import { hostEnd } from "./demo/cable.ts"
import { tell } from "./demo/story.ts"

/**
 * The whole idea in half a minute, in a throw-away state directory: `npm run demo`, and with `-- --once` it ends by
 * itself, with exit status 0 only if everything it tells of was really seen.
 */
const folder = await mkdtemp(join(tmpdir(), "gatehouse-demo-"))
const stop = new AbortController()
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => stop.abort(signal))
try {
  await chmod(folder, 0o700)
  const listener = { host: "127.0.0.1", port: 0 }
  const listeners = { mqtt: listener, mqtts: listener, ws: listener, wss: listener, https: listener, http: listener }
  const serial = { extra: [hostEnd(folder)] }
  const settings = join(folder, "gatehouse.json")
  await writeFile(settings, JSON.stringify({ stateDirectory: join(folder, "state"), listeners, serial }))
  await using gateway = await startGateway(await loadConfig({}, ["--config", settings]), {}, systemClock, silentLog)
  await tell(gateway, folder)
  if (!process.argv.includes("--once") && !stop.signal.aborted) await once(stop.signal, "abort")
} catch (error) {
  process.stdout.write(
    `\nThe demo did not see what it should have seen: ${error instanceof Error ? error.stack : error}\n`,
  )
  process.exitCode = 1
} finally {
  await rm(folder, { recursive: true, force: true })
}
