import { rm, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { newClaimCode } from "../access/claim-code.ts"
import { GatewayError } from "../errors.ts"

/** The code that takes this box into service, and where it is kept for whoever sits at the machine. */
export interface ClaimDesk {
  /** Undefined once the box is claimed. */
  readonly code: string | undefined
  /** The file that holds the code meanwhile. */
  readonly path: string
  /** Forgets the code and removes its file. */
  close(): Promise<void>
  /** Has another code, once the claim was undone. */
  reopen(): Promise<void>
}

const FILE = "claim-code"

/**
 * A fresh code for an unclaimed box: in a 0600 file in the state directory, for a console that cannot show it, and in
 * memory. It never reaches a log. On a claimed box there is none, and a left-over file is removed. Rejects with
 * `GatewayError("state-unusable")` when the file cannot be written or removed.
 */
export async function openClaimDesk(stateDirectory: string, claimed: boolean): Promise<ClaimDesk> {
  const path = join(stateDirectory, FILE)
  let code = claimed ? undefined : newClaimCode()
  await keep(path, code)
  return {
    path,
    get code() {
      return code
    },
    close: async () => {
      if (code === undefined) return
      code = undefined
      await rm(path, { force: true })
    },
    reopen: async () => {
      const fresh = newClaimCode()
      await keep(path, fresh)
      code = fresh
    },
  }
}

async function keep(path: string, code: string | undefined): Promise<void> {
  try {
    await rm(path, { force: true })
    if (code !== undefined) await writeFile(path, `${code}\n`, { mode: 0o600, flag: "wx" })
  } catch (cause) {
    const remedy = "move away what stands in its place, and check the disk for space and errors"
    throw new GatewayError("state-unusable", `the claim code cannot be kept in ${path}; ${remedy}`, { cause })
  }
}
