import { statSync } from "node:fs"
import { join, resolve } from "node:path"

const INSTALLED = "/var/lib/gatehouse"
const SOCKET = "control.sock"

/** The state directory: as told, else as the environment says, else the one at hand, else the installed service's. */
export function stateDirectory(told: string | undefined, env: NodeJS.ProcessEnv): string {
  const named = told ?? (env.GATEHOUSE_STATE || undefined)
  if (named !== undefined) return resolve(named)
  const atHand = resolve("state")
  return isOwnState(atHand) ? atHand : INSTALLED
}

export function socketIn(state: string): string {
  return join(state, SOCKET)
}

/**
 * Nobody said to use this directory, so it must be this user's own and nobody else's: in a folder that others may
 * write, a socket laid out by one of them would be handed the passwords that are typed here.
 */
function isOwnState(path: string): boolean {
  const found = statSync(path, { throwIfNoEntry: false })
  return found?.isDirectory() === true && found.uid === process.geteuid?.() && (found.mode & 0o077) === 0
}
