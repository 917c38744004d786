import type { Directory } from "../access/directory.ts"
import type { Registry } from "../access/registry.ts"
import { OWN_ISSUER } from "../access/user.ts"
import { GatewayError } from "../errors.ts"
import type { Authority, Issued } from "./authority.ts"
import { parseCsr } from "./csr.ts"
import type { IssueLog } from "./issue-log.ts"

export interface EnrolmentParts {
  readonly registry: Pick<Registry, "remember" | "allowedFor" | "settled" | "openFor">
  readonly directory: Pick<Directory, "users" | "certificateLifetime">
  readonly authority: Pick<Authority, "issue" | "reissued">
  readonly issueLog: Pick<IssueLog, "ofUser" | "ofKey">
}

/**
 * A device without a certificate asks for its first, and asks again until a person has allowed its key: then it is given
 * the certificate, and again for the same request as long as that waits for its first connection. "waiting" says
 * nothing of whether there is such a user. Rejects with `csr-refused` and `disk-failed`.
 */
export async function enrol(
  { registry, directory, authority, issueLog }: EnrolmentParts,
  csr: string,
  address: string,
): Promise<Issued | "waiting" | "closed"> {
  const verdict = parseCsr(csr)
  if (!verdict.ok) throw new GatewayError("csr-refused", verdict.sentence)
  const { commonName: name, spkiHash } = verdict
  if (name === undefined) {
    throw new GatewayError("csr-refused", "the request bears no common name; make it with the device's name in it")
  }
  const waiting = issueLog.ofKey(spkiHash).findLast((one) => one.state === "pending" && one.through === THROUGH)
  const again = waiting?.commonName === name ? authority.reissued(waiting) : undefined
  if (again !== undefined) return again
  const user = directory.users.get(name)
  if (registry.allowedFor(spkiHash) === name && user?.enabled && isOwn(user)) {
    const issued = await authority.issue({
      ...{ commonName: name, csr, by: name, through: THROUGH },
      lifetimeDays: directory.certificateLifetime(user),
    })
    registry.settled(spkiHash)
    return issued
  }
  const taken = issueLog.ofUser(name).some(({ state }) => state !== "revoked") || (user !== undefined && !isOwn(user))
  const remembered = await registry.remember({ method: "request", name: taken ? "" : name, address, spkiHash })
  return remembered || (taken && registry.openFor > 0) ? "waiting" : "closed"
}

const THROUGH = "registry"

function isOwn({ grant }: { readonly grant: { readonly kind: string; readonly issuer?: string } }): boolean {
  return grant.kind === "certificate" && grant.issuer === OWN_ISSUER
}
