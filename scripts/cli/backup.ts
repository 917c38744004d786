import { chmodSync, copyFileSync, cpSync, existsSync, mkdirSync, rmSync } from "node:fs"
import { basename, dirname, join, resolve, sep } from "node:path"
import type { z } from "zod"
import type { backupAnswer } from "../../service/http/contract-system.ts"
import { type Call, type Command, Failure } from "./command.ts"

type Backup = z.infer<typeof backupAnswer>

/** Not copied as they lie: what belongs to the running process, and the session store, of which there is a copy. */
const LEFT_OUT = /^(lock|control\.sock|.*\.tmp|sessions\.db.*|backup\.db.*)$/

/** Everything a gateway knows, as a state directory of its own. */
export const BACKUP_COMMANDS: readonly Command[] = [
  {
    words: "backup",
    summary: "Copy the whole state into a new folder while the gateway runs; put it in the state's place to go back.",
    operands: [{ name: "FOLDER", file: true }],
    example: "backup /media/usb/gatehouse-2026-11-28",
    run: backup,
  },
]

async function backup({ api, screen, operand, state }: Call): Promise<void> {
  const folder = resolve(operand("FOLDER"))
  if (existsSync(folder)) throw new Failure(`${folder} exists already; name a new folder`)
  if (`${folder}${sep}`.startsWith(`${state}${sep}`)) throw new Failure(`${folder} lies in the state itself`)
  const { file, bytes } = await api.ask<Backup>("POST", "/backup")
  try {
    mkdirSync(dirname(folder), { recursive: true })
    mkdirSync(folder, { mode: 0o700 })
    cpSync(state, folder, { recursive: true, filter: (from) => !LEFT_OUT.test(basename(from)) })
    const store = join(folder, basename(dirname(file)), "sessions.db")
    mkdirSync(dirname(store), { recursive: true, mode: 0o700 })
    copyFileSync(file, store)
    chmodSync(store, 0o600)
  } catch (error) {
    throw new Failure(`the backup is incomplete: ${error instanceof Error ? error.message : String(error)}`)
  } finally {
    rmSync(file, { force: true })
  }
  screen.answer({ folder, bytes }, () => [
    `The state is copied to ${folder}; ${bytes} bytes of it are sessions and messages.`,
    "It holds every key of the gateway: keep it as you keep the box.",
  ])
}
