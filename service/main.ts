import { once } from "node:events"
import { systemClock } from "./clock.ts"
import { type Config, loadConfig } from "./config.ts"
import { greeting } from "./console.ts"
import { GatewayError, reasonOf } from "./errors.ts"
import { startGateway } from "./gateway.ts"
import { type Logger, openLog } from "./log.ts"

/** Stopping takes less than this, or the process ends itself: systemd and people wait for no one. */
const STOP_MS = 4500

/** The process edge: environment and arguments in, signals, exit code. Everything else is a part with a parameter. */
async function main(): Promise<void> {
  const stop = new AbortController()
  for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, () => stop.abort(signal))
  let log = logAt("info")
  try {
    const config = await loadConfig(process.env, process.argv.slice(2))
    log = logAt(config.log.level)
    await run(config, log, stop.signal)
  } catch (error) {
    const known = error instanceof GatewayError
    log.error("gateway failed", { code: known ? error.code : "internal", reason: reasonOf(error) })
    if (!known) process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`)
    process.exitCode = 1
  }
}

async function run(config: Config, log: Logger, stop: AbortSignal): Promise<void> {
  await using gateway = await startGateway(config, process.env, systemClock, log)
  process.stdout.write(greeting(gateway, process.stdout.isTTY === true))
  if (!stop.aborted) await once(stop, "abort")
  log.info("stopping", { signal: String(stop.reason) })
  setTimeout(() => process.exit(1), STOP_MS).unref()
}

function logAt(level: Config["log"]["level"]): Logger {
  // journald reads the priority from the prefix; a person's terminal is spared it
  const prefixed = process.env.JOURNAL_STREAM !== undefined
  return openLog(level, (line) => process.stderr.write(line), prefixed)
}

await main()
