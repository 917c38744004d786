import { execFile } from "node:child_process"
import { promisify } from "node:util"
import systemdNotify from "systemd-notify"
import { reasonOf } from "../errors.ts"
import type { Logger } from "../log.ts"

/**
 * What this process tells systemd, in the order told. Each resolves once systemd has taken it and never rejects: a
 * failure is logged, and systemd draws its own consequence (the start timeout, the watchdog).
 */
export interface Notifier {
  /** Every listener is bound. `status` as in `status()`. */
  ready(status: string): Promise<void>
  /** One line for `systemctl status`. Of several that wait only the last is told, and none twice in a row. */
  status(text: string): Promise<void>
  /** Alive until another WatchdogSec has passed. */
  watchdog(): Promise<void>
  stopping(): Promise<void>
}

const run = promisify(execFile)

/** Without NOTIFY_SOCKET, that is, not under systemd, every notification does nothing. */
export function openNotifier(env: NodeJS.ProcessEnv, log: Logger): Notifier {
  if (env.NOTIFY_SOCKET === undefined || env.NOTIFY_SOCKET === "") return SILENT
  const inOrder = inOrderOf((error) => log.error("systemd could not be notified", { reason: reasonOf(error) }))
  let latest = ""
  let told = ""
  const tellStatus = async (status: string, ready: boolean): Promise<void> => {
    await systemdNotify({ ...(ready ? { ready } : {}), status: oneLine(status), pid: process.pid })
    told = status
  }
  // the npm package knows READY and STATUS only; Node itself has no datagram sockets of the unix family
  const tell = (...assignments: string[]) => run("systemd-notify", assignments, { env, timeout: 10_000 })
  return {
    ready: (status) => inOrder(() => tellStatus(status, true)),
    status: (text) => {
      latest = text
      // each notification starts a program: a status that says nothing new is not worth one
      return inOrder(async () => {
        if (text === latest && text !== told) await tellStatus(text, false)
      })
    },
    watchdog: () => inOrder(() => tell("WATCHDOG=1")),
    stopping: () => inOrder(() => tell("STOPPING=1", "STATUS=stopping")),
  }
}

/** Runs what it is given one after another; a failure goes to `onFailure` and holds up nothing. */
function inOrderOf(onFailure: (error: unknown) => void): (send: () => Promise<unknown>) => Promise<void> {
  let last = Promise.resolve()
  return (send) => {
    last = last.then(send).then(() => {}, onFailure)
    return last
  }
}

/** A line feed would begin another assignment of the notification protocol (sd_notify(3)). */
function oneLine(text: string): string {
  return text.replace(/\p{Cc}+/gu, " ")
}

const nothing = async (): Promise<void> => {}
const SILENT: Notifier = { ready: nothing, status: nothing, watchdog: nothing, stopping: nothing }
