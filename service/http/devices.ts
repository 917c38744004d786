import { rightsOf } from "../access/access-document.ts"
import type { ConnectedClient } from "../access/clients.ts"
import type { RefusalGroup } from "../access/door.ts"
import { reachesHttp } from "../access/permission.ts"
import type { User } from "../access/user.ts"
import { type IssueEntry, stateAt } from "../ca/issue-log.ts"
import { type Device, ENDING_DAYS } from "./contract-devices.ts"
import type { Gateway } from "./ports.ts"
import { time } from "./time.ts"

type Sources = Pick<Gateway, "directory" | "clients" | "door" | "issueLog" | "activity" | "history" | "clock">

const ENDING_MS = ENDING_DAYS * 86_400_000

/** A user without a right to this API is a device. */
export function isDevice(user: User, { directory }: Pick<Sources, "directory">): boolean {
  return !reachesHttp({ permissions: rightsOf(user, directory.roles) })
}

/** How users stand as devices at this moment: who they are, whether they are here, and what they need somebody for. */
export function beholder(sources: Sources): (user: User) => Device {
  const clients = Map.groupBy(sources.clients.list(), (client) => client.username)
  const refusals = Map.groupBy(sources.door.groups, (group) => group.name) // the latest first
  const now = sources.clock.now()
  return (user) => {
    const here = clients.get(user.username) ?? []
    const seen = lastSeen(user, here, sources)
    const refusal = refusals.get(user.username)?.find((group) => seen === undefined || group.last > seen.at)
    const certificate = certificateOf(sources.issueLog.ofUser(user.username), now)
    return {
      username: user.username,
      grant: user.grant.kind,
      state: stateOf(user, here, seen),
      ...(seen === undefined ? {} : { since: time(seen.at), address: seen.address }),
      ...(here.length > 0 ? {} : endOf(user, sources)),
      roles: [...user.roles],
      ...(user.note === undefined ? {} : { note: user.note }),
      ...(certificate === undefined
        ? {}
        : { certificate: { serial: certificate.serial, notAfter: time(certificate.notAfter) } }),
      ...needsOf(user, certificate, refusal, now),
      ...(refusal === undefined ? {} : { refusal: shownRefusal(refusal) }),
    }
  }
}

export function shownRefusal({ cause, sentence, address, count, first, last }: RefusalGroup) {
  return { cause, sentence, address, count, first: time(first), last: time(last) }
}

interface LastSeen {
  readonly at: number
  readonly address: string
}

function lastSeen({ username }: User, here: readonly ConnectedClient[], { activity }: Sources): LastSeen | undefined {
  const [client] = here
  if (client !== undefined) return { at: client.connectedAt, address: client.address }
  const seen = activity.of(username)
  return seen && { at: seen.last, address: seen.address }
}

function endOf({ username }: User, { history }: Sources): Pick<Device, "ended"> {
  const visit = history.of(username).find(({ kind }) => kind === "disconnected")
  return visit === undefined ? {} : { ended: { at: time(visit.at), cause: visit.cause, detail: visit.detail } }
}

function stateOf(user: User, here: readonly ConnectedClient[], seen: LastSeen | undefined): Device["state"] {
  if (!user.enabled) return "disabled"
  if (here.length > 0) return "connected"
  return seen === undefined ? "never" : "offline"
}

/** The certificate in force that ends last, or else the one that expired last. */
function certificateOf(entries: readonly IssueEntry[], now: number): IssueEntry | undefined {
  const usable = entries.filter((entry) => ["pending", "active", "expired"].includes(stateAt(entry, now)))
  return usable.reduce<IssueEntry | undefined>(
    (best, entry) => (best === undefined || entry.notAfter > best.notAfter ? entry : best),
    undefined,
  )
}

function needsOf(
  user: User,
  certificate: IssueEntry | undefined,
  refusal: RefusalGroup | undefined,
  now: number,
): Pick<Device, "needs"> {
  if (!user.enabled) return {}
  if (refusal !== undefined) return { needs: "refused" }
  // an outside authority's certificates are that authority's affair
  if (user.grant.kind === "password" || user.grant.issuer !== "gatehouse") return {}
  if (certificate === undefined) return { needs: "certificate-missing" }
  if (certificate.notAfter < now) return { needs: "certificate-expired" }
  return certificate.notAfter < now + ENDING_MS ? { needs: "certificate-ending" } : {}
}
