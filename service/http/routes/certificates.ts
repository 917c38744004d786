import { isAdministrator } from "../../access/access-document.ts"
import { type Actor, assertMayTouch } from "../../access/actor.ts"
import type { Directory } from "../../access/directory.ts"
import { OWN_ISSUER, type User } from "../../access/user.ts"
import type { Issued } from "../../ca/authority.ts"
import { parseCsr } from "../../ca/csr.ts"
import { type IssueEntry, stateAt } from "../../ca/issue-log.ts"
import { renewAfter } from "../../ca/validity.ts"
import { content, created, ok } from "../answer.ts"
import { assertConfirmed, isPowerful } from "../confirmation.ts"
import { API, userParams } from "../contract.ts"
import {
  certificateAnswer,
  certificateParams,
  certificatesAnswer,
  certificatesQuery,
  csrRequest,
  issuedAnswer,
  revokeRequest,
} from "../contract-certificates.ts"
import { knownUser } from "../known-user.ts"
import { found as matching, pageOf } from "../paging.ts"
import type { Gateway } from "../ports.ts"
import { Problem } from "../problem.ts"
import { type RawBody, type Route, route } from "../route.ts"
import { time } from "../time.ts"

export const PEM_CHAIN = "application/pem-certificate-chain"

/** A device's certificates: issued for its user, shown, revoked. */
export function certificateRoutes({ directory, authority, issueLog, events, clock }: Gateway): Route[] {
  const shown = (entry: IssueEntry) => shownAt(entry, clock.now())
  const found = (serial: string): IssueEntry => {
    const entry = issueLog.find(serial)
    if (entry === undefined) throw new Problem("not-found", "there is no certificate with this serial number")
    return entry
  }
  return [
    route({
      method: "POST",
      path: "/users/:username/certificates",
      access: "write",
      summary: "Issue a certificate for a user from its request",
      refuses: ["confirmation-needed", "not-found", "conflict", "csr-refused", "disk-failed"],
      types: [PEM_CHAIN],
      success: [200, 201],
      params: userParams,
      body: csrRequest,
      raw: REQUEST_ALONE,
      answers: issuedAnswer,
      async answer({ actor, confirmed, params, body: { csr }, accepts }) {
        const user = knownUser(directory, params.username)
        assertMayTouch(actor, directory, user) // its certificate would carry its rights
        assertMayHave(user, csr)
        if (isPowerful(directory.rights(user))) assertConfirmed({ confirmed })
        const issued = await authority.issue({
          commonName: user.username,
          csr,
          lifetimeDays: directory.certificateLifetime(user),
          by: actor.name,
          through: "api",
        })
        events.publish("certificate-issued", "/certificates", { serial: issued.serial, commonName: user.username })
        // for a shell without a JSON reader
        if (accepts("application/json", PEM_CHAIN) === PEM_CHAIN) return content(PEM_CHAIN, issued.chainPem)
        return created(shownIssued(issued), `${API}/certificates/${issued.serial}`)
      },
    }),
    route({
      method: "GET",
      path: "/certificates",
      access: "read",
      summary: "List certificates, the newest first",
      query: certificatesQuery,
      answers: certificatesAnswer,
      answer({ query }) {
        const { user, state, search } = query
        const entries = user === undefined ? issueLog.entries() : issueLog.ofUser(user)
        const now = clock.now()
        const wanted = state === undefined ? entries : entries.filter((entry) => stateAt(entry, now) === state)
        const { items, next } = pageOf(matching(wanted, search, textsOf), newestFirst, query)
        return ok({ certificates: items.map(shown), next })
      },
    }),
    route({
      method: "GET",
      path: "/certificates/:serial",
      access: "read",
      summary: "Show a certificate",
      refuses: ["not-found"],
      params: certificateParams,
      answers: certificateAnswer,
      answer: ({ params }) => ok(shown(found(params.serial))),
    }),
    route({
      method: "GET",
      path: "/certificates/:serial/chain",
      access: "read",
      summary: "Download a certificate with the authority that signed it, PEM",
      refuses: ["not-found"],
      params: certificateParams,
      types: [PEM_CHAIN],
      answer({ params }) {
        const chain = authority.chainOf(found(params.serial))
        if (chain !== undefined) return content(PEM_CHAIN, chain)
        throw new Problem("not-found", "this certificate was issued by a version that did not keep it; issue a new one")
      },
    }),
    route({
      method: "POST",
      path: "/certificates/:serial/revoke",
      access: "write",
      summary: "Revoke a certificate; live sessions end within a second",
      refuses: ["confirmation-needed", "not-found", "conflict", "disk-failed"],
      params: certificateParams,
      body: revokeRequest,
      bodyOptional: true,
      answers: certificateAnswer,
      async answer({ actor, confirmed, params, body }) {
        const entry = found(params.serial)
        assertMayRevoke(actor, directory, entry)
        const owner = directory.users.get(entry.commonName)
        if (entry.kind === "server" || (owner && isPowerful(directory.rights(owner)))) assertConfirmed({ confirmed })
        await authority.revoke(params.serial, body.reason ?? "unspecified", actor.name)
        return ok(shown(found(params.serial)))
      },
    }),
  ]
}

/** A certificate as it is handed out. */
export function shownIssued({ serial, fingerprint, certificatePem, chainPem, rootPem, notAfter }: Issued) {
  return {
    ...{ serial, fingerprint, certificate: certificatePem, chain: chainPem, root: rootPem },
    notAfter: time(notAfter),
  }
}

/** A request as `openssl req` writes it: PEM, or DER, which travels on as bare base64. */
export const REQUEST_ALONE: RawBody = {
  types: ["application/pkcs10", "text/plain"],
  read: (bytes) => ({ csr: bytes[0] === 0x30 && bytes[1]! >= 0x80 ? bytes.toString("base64") : bytes.toString() }),
}

function assertMayHave({ username, enabled, grant }: User, csr: string): void {
  if (!enabled) throw new Problem("conflict", `user ${username} is disabled; enable it first`)
  if (grant.kind === "password") {
    throw new Problem("conflict", `user ${username} has a password; change its grant to a certificate first`)
  }
  if (grant.issuer !== OWN_ISSUER) {
    throw new Problem(
      "conflict",
      `user ${username} takes certificates of ${grant.issuer} only; change the issuer of its grant to ${OWN_ISSUER} first`,
    )
  }
  if (grant.publicKey === undefined) return
  const request = parseCsr(csr)
  if (request.ok && request.spkiHash !== grant.publicKey) {
    throw new Problem(
      "csr-refused",
      `user ${username} is pinned to another public key; send a request made with that key, or change the pin first`,
    )
  }
}

/** Cutting off an administrator, or the gateway's own server, is not for everyone who may revoke a device. */
function assertMayRevoke(actor: Actor, directory: Directory, entry: IssueEntry): void {
  const user = directory.users.get(entry.commonName)
  if (entry.kind === "device" && user !== undefined) assertMayTouch(actor, directory, user)
  if (entry.kind === "server" && !isAdministrator(actor.rights)) {
    throw new Problem("forbidden", "this is a certificate of the gateway itself; ask an administrator")
  }
}

function textsOf({ commonName, serial, sha256 }: IssueEntry): string[] {
  return [commonName, serial, sha256]
}

/** A key that sorts the newest to the front and never changes. */
function newestFirst({ at, serial }: IssueEntry): string {
  return String(Number.MAX_SAFE_INTEGER - at).padStart(16, "0") + serial
}

function shownAt(entry: IssueEntry, now: number) {
  const { serial, sha256, spkiHash, commonName, kind, keyOrigin, notAfter, at, by, through } = entry
  return {
    serial,
    fingerprint: sha256,
    publicKey: spkiHash,
    commonName,
    kind,
    keyOrigin,
    state: stateAt(entry, now),
    notAfter: time(notAfter),
    renewAfter: time(renewAfter(entry)),
    ...(entry.renews === undefined ? {} : { renews: entry.renews }),
    issuedAt: time(at),
    issuedBy: by,
    through,
  }
}
