import type { Accounts } from "../access/accounts.ts"
import { applyBootstrap, type Bootstrap, parseBootstrap } from "../access/bootstrap.ts"
import type { Directory } from "../access/directory.ts"
import type { Trust } from "../ca/trust.ts"
import { GatewayError } from "../errors.ts"
import type { Logger } from "../log.ts"
import { assertRemovable, readBootstrapFile, removeBootstrapFile } from "../store/bootstrap-file.ts"

/** How often progress is told while passwords are hashed. */
const TOLD_EVERY = 500

/**
 * Takes an unclaimed box into service by its bootstrap file, once, and removes the file with its passwords. On a
 * claimed box the file is only removed: a power cut may have come between the two. Rejects with `bootstrap-invalid`
 * when the file is unfit or cannot be removed; the box is not in service then. `goOn` is called between any two users,
 * whose passwords take their time, and may throw.
 */
export async function takeIntoService(
  path: string,
  directory: Directory,
  accounts: Accounts,
  trust: Trust,
  log: Logger,
  goOn: () => void = () => {},
): Promise<void> {
  if (directory.claimed) {
    const removed = await removeBootstrapFile(path)
    if (removed) log.warn("bootstrap file removed unread, the box is in service already", { path })
    return
  }
  await assertRemovable(path)
  const json = await readBootstrapFile(path)
  const progress = (done: number, total: number) => {
    goOn()
    if (done % TOLD_EVERY === 0 || done === total) log.info("bootstrap: users prepared", { done, total })
  }
  try {
    const bootstrap = parseBootstrap(json)
    await trustThose(bootstrap, trust)
    await applyBootstrap(bootstrap, directory, accounts, progress)
    log.info("taken into service by the bootstrap file", { administrator: bootstrap.administrator.username })
  } catch (error) {
    await trustNobody(trust)
    throw named(error, path)
  }
  await removeBootstrapFile(path)
}

/** Its users need the authorities first. */
async function trustThose({ authorities }: Bootstrap, trust: Trust): Promise<void> {
  await trustNobody(trust)
  for (const { id, certificate, scope } of authorities) {
    await trust.add(certificate, { id, scope, by: "bootstrap" }).catch((error) => {
      throw named(error, `authority ${id}`)
    })
  }
}

/** Whoever is trusted on an unclaimed box was so by a bootstrap that failed after, and whose file may be another now. */
async function trustNobody(trust: Trust): Promise<void> {
  for (const { id } of trust.list()) await trust.remove(id)
}

/** What the file says was refused somewhere that does not know where it stands. */
function named(error: unknown, place: string): unknown {
  const aboutContent = error instanceof GatewayError && error.code !== "disk-failed"
  return aboutContent ? new GatewayError("bootstrap-invalid", `${place}: ${error.message}`) : error
}
