import { once } from "node:events"
import { fstatSync } from "node:fs"
import { systemClock } from "./clock.ts"
import { type Config, loadConfig } from "./config.ts"
import { claimNotice, greeting } from "./console.ts"
import { GatewayError, reasonOf } from "./errors.ts"
import { startGateway } from "./gateway.ts"
import { type Logger, openLog } from "./log.ts"

/** Stopping takes less than this, or the process ends itself: systemd and people wait for no one. */
const STOP_MS = 4500

/** The process edge: environment and arguments in, signals, exit code. Everything else is a part with a parameter. */
async function main(): Promise<void> {
  const stop = new AbortController()
  // more than once: npm passes on the Ctrl-C that the terminal has sent already, and the second would end a clean stop
  for (const signal of ["SIGTERM", "SIGINT"] as const) process.on(signal, () => stop.abort(signal))
  // whoever read the output may go; the clients stay
  for (const stream of [process.stdout, process.stderr]) stream.on("error", () => {})
  let log = logAt("info")
  stop.signal.addEventListener("abort", () => {
    log.info("stopping", { signal: String(stop.signal.reason) })
    setTimeout(() => giveUp(log), STOP_MS).unref()
  })
  try {
    const config = await loadConfig(process.env, process.argv.slice(2))
    log = logAt(config.log.level)
    await run(config, log, { signal: stop.signal, abort: (why) => stop.abort(why) })
  } catch (error) {
    if (stop.signal.aborted && error === stop.signal.reason) return
    const known = error instanceof GatewayError
    log.error("gateway failed", { code: known ? error.code : "internal", reason: reasonOf(error) })
    if (!known) process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`)
    process.exitCode = 1
  }
}

async function run(config: Config, log: Logger, { signal: stop, abort }: Stop): Promise<void> {
  const restart = isStartedAgain() ? () => abort("restart") : undefined
  await using gateway = await startGateway(config, process.env, systemClock, log, stop, restart)
  process.stdout.write(greeting(gateway, process.stdout.isTTY === true))
  gateway.onClaimed((claimed) => process.stdout.write(claimNotice(gateway, claimed)))
  if (!stop.aborted) await once(stop, "abort")
}

interface Stop {
  readonly signal: AbortSignal
  abort(why: string): void
}

/** systemd starts the service again however it ended (Restart=always); it says of itself that it is there. */
function isStartedAgain(): boolean {
  return process.env.NOTIFY_SOCKET !== undefined && process.env.INVOCATION_ID !== undefined
}

function giveUp(log: Logger): void {
  log.error("gateway failed", { code: "internal", reason: `stopping took longer than ${STOP_MS} ms` })
  process.exit(1)
}

function logAt(level: Config["log"]["level"]): Logger {
  return openLog(level, (line) => process.stderr.write(line), isJournal())
}

/** journald reads the priority from a prefix; a terminal, which may inherit the variable, is spared it (systemd.exec(5)). */
function isJournal(): boolean {
  if (process.env.JOURNAL_STREAM === undefined) return false
  const { dev, ino } = fstatSync(process.stderr.fd)
  return process.env.JOURNAL_STREAM === `${dev}:${ino}`
}

await main()
// every part is closed; what could still hold the process is a peer that answers nothing
process.exit()
