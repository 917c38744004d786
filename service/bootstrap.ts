import type { Accounts } from "./access/accounts.ts"
import { applyBootstrap, parseBootstrap } from "./access/bootstrap.ts"
import type { Directory } from "./access/directory.ts"
import type { Trust } from "./ca/trust.ts"
import type { Logger } from "./log.ts"
import { assertRemovable, readBootstrapFile, removeBootstrapFile } from "./store/bootstrap-file.ts"

/** How often progress is told while passwords are hashed. */
const TOLD_EVERY = 500

/**
 * Takes an unclaimed box into service by its bootstrap file, once, and removes the file with its passwords. On a
 * claimed box the file is only removed: a power cut may have come between the two. Rejects with `bootstrap-invalid`
 * when the file is unfit or cannot be removed; nothing was applied then.
 */
export async function takeIntoService(
  path: string,
  directory: Directory,
  accounts: Accounts,
  trust: Trust,
  log: Logger,
): Promise<void> {
  if (directory.claimed) {
    await removeBootstrapFile(path)
    log.warn("bootstrap file removed unread, the box is in service already", { path })
    return
  }
  await assertRemovable(path)
  const bootstrap = parseBootstrap(await readBootstrapFile(path))
  for (const { id, certificate, scope } of bootstrap.authorities) {
    if (!trust.has(id)) await trust.add(certificate, { id, scope, by: "bootstrap" })
  }
  await applyBootstrap(bootstrap, directory, accounts, (done, total) => {
    if (done % TOLD_EVERY === 0 || done === total) log.info("bootstrap: users prepared", { done, total })
  })
  await removeBootstrapFile(path)
  log.info("taken into service by the bootstrap file", { administrator: bootstrap.administrator.username })
}
