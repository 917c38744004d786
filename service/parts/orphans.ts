import type { Directory } from "../access/directory.ts"
import { OWN_ISSUER, type User } from "../access/user.ts"
import type { Authority } from "../ca/authority.ts"
import type { IssueLog } from "../ca/issue-log.ts"
import { reasonOf } from "../errors.ts"
import type { Logger } from "../log.ts"

/**
 * Revokes the certificates of users who are gone or no longer have the certificate grant: otherwise whoever gets that
 * name next would share it with the old device. Looks at everything once, for a crash between the two writes, and from
 * then on at each change of users. A box without users is left alone: they may only be missing, and come back.
 */
export function revokeOrphans(directory: Directory, issueLog: IssueLog, authority: Authority, log: Logger): () => void {
  let known = directory.users
  const revoke = async (username: string) => {
    for (const { serial, state } of issueLog.ofUser(username)) {
      if (state === "pending" || state === "active") await authority.revoke(serial, "user-removed", "gateway")
    }
  }
  const revokeAll = (usernames: Iterable<string>) => {
    for (const username of usernames) {
      revoke(username).catch((error) =>
        log.error("a certificate of a removed user was not revoked", { user: username, reason: reasonOf(error) }),
      )
    }
  }
  const holders = issueLog.entries().filter((entry) => entry.kind === "device")
  if (directory.claimed)
    revokeAll(new Set(holders.map((entry) => entry.commonName).filter((name) => !mayHold(known.get(name)))))
  return directory.onChange(() => {
    const before = known
    known = directory.users
    revokeAll([...before].filter(([name, user]) => mayHold(user) && !mayHold(known.get(name))).map(([name]) => name))
  })
}

function mayHold(user: User | undefined): boolean {
  return user?.grant.kind === "certificate" && user.grant.issuer === OWN_ISSUER
}
