import type { Accounts } from "../access/accounts.ts"
import type { Directory } from "../access/directory.ts"
import { isBuiltIn } from "../access/role.ts"
import type { Clock } from "../clock.ts"
import { GatewayError, reasonOf } from "../errors.ts"
import type { Logger } from "../log.ts"
import { openClaimDesk } from "./claim.ts"

/** How long whoever sits at the machine can take a claim back that was somebody else's. */
export const UNDO_MS = 10 * 60_000

/** Who took the box into service, as the console shows it. Times are milliseconds since the epoch. */
export interface Claimed {
  readonly username: string
  /** The network address; "" for the machine itself. */
  readonly address: string
  readonly at: number
  readonly undoUntil: number
}

export interface ClaimingParts {
  readonly stateDirectory: string
  readonly directory: Directory
  readonly accounts: Pick<Accounts, "claim">
  readonly trust: { list(): readonly { readonly id: string }[]; remove(id: string): Promise<unknown> }
  readonly root: {
    readonly sealed: boolean
    seal(): Promise<string>
    unseal(recoveryKey: string): Promise<void>
  }
  /** Opens and closes what only a claimed box opens; never rejects. */
  readonly doors: { open(): Promise<void>; close(): Promise<void> }
  readonly broker: { forgetRetained(): void }
  readonly clock: Clock
  readonly log: Logger
}

/** The claim of an unclaimed box, and the ten minutes in which it can be taken back at the machine. */
export interface Claiming extends AsyncDisposable {
  /** Undefined while there is nothing to claim. */
  readonly code: string | undefined
  readonly path: string
  /** The latest claim of this process, as long as it can be undone. */
  readonly latest: Claimed | undefined
  claim(username: string, password: string, address: string): Promise<{ readonly recoveryKey?: string }>
  /** Rejects with `conflict` when there is no claim to undo, or it is too late. */
  undo(): Promise<void>
  onClaimed(listener: (claimed: Claimed) => void): void
}

/** Rejects with `state-unusable` as `openClaimDesk`. */
export async function openClaiming(parts: ClaimingParts): Promise<Claiming> {
  const { directory, accounts, root, doors, clock, log } = parts
  const desk = await openClaimDesk(parts.stateDirectory, directory.claimed)
  const listeners: ((claimed: Claimed) => void)[] = []
  let latest: { readonly claimed: Claimed; readonly until: number; recoveryKey?: string } | undefined
  const undoable = () => (latest !== undefined && clock.elapsed() < latest.until ? latest : undefined)
  // the key is of use to an undo alone, and is kept no longer
  const forget = setInterval(() => {
    latest = undoable()
  }, 60_000)
  forget.unref()

  const sealed = async (): Promise<string | undefined> => {
    if (root.sealed) return undefined
    return root.seal().catch((error) => {
      log.error("root key not sealed", { reason: reasonOf(error) })
      return undefined
    })
  }

  return {
    path: desk.path,
    get code() {
      return desk.code
    },
    get latest() {
      return undoable()?.claimed
    },
    async claim(username, password, address) {
      await accounts.claim(username, password)
      log.info("taken into service", { administrator: username, address })
      // whatever fails from here on leaves a claimed box, so none of it may refuse the claim
      await desk.close().catch((error) => log.error("claim code not removed", { reason: reasonOf(error) }))
      await doors.open()
      const recoveryKey = await sealed()
      const at = clock.now()
      const claimed = { username, address, at, undoUntil: at + UNDO_MS }
      const answer = recoveryKey === undefined ? {} : { recoveryKey }
      latest = { claimed, until: clock.elapsed() + UNDO_MS, ...answer }
      for (const listener of listeners) listener(claimed)
      return answer
    },
    async undo() {
      const undone = undoable()
      if (undone === undefined || !directory.claimed) {
        throw new GatewayError(
          "conflict",
          "there is no claim of the last ten minutes to take back; to begin anew, stop the gateway and give it another state directory",
        )
      }
      await directory.change((draft) => {
        draft.claimed = false
        draft.users.clear()
        for (const name of draft.roles.keys()) if (!isBuiltIn(name)) draft.roles.delete(name)
      })
      latest = undefined
      log.warn("claim undone", { administrator: undone.claimed.username, address: undone.claimed.address })
      await doors.close()
      // before the claim MQTT was closed: whatever is there, the stranger's clients have sent
      parts.broker.forgetRetained()
      for (const { id } of parts.trust.list()) await parts.trust.remove(id)
      if (undone.recoveryKey !== undefined) await root.unseal(undone.recoveryKey)
      await desk.reopen()
    },
    onClaimed: (listener) => void listeners.push(listener),
    async [Symbol.asyncDispose]() {
      clearInterval(forget)
      await desk.close()
    },
  }
}
