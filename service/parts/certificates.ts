import { join } from "node:path"
import { Authority } from "../ca/authority.ts"
import { IssueLog, isLaterRecord, issueRecord } from "../ca/issue-log.ts"
import { emptyPending, PENDING_FORMAT, Pending, pendingDocument } from "../ca/pending.ts"
import { Trust } from "../ca/trust.ts"
import { emptyTrust, TRUST_FORMAT, trustDocument } from "../ca/trust-document.ts"
import type { Clock } from "../clock.ts"
import type { Config } from "../config.ts"
import { GatewayError } from "../errors.ts"
import type { Health } from "../health.ts"
import type { Logger } from "../log.ts"
import { openAuthorityFiles, type StoredAuthority } from "../store/authority-files.ts"
import { openDocument } from "../store/document.ts"
import { openJournal } from "../store/journal.ts"
import type { StateDirectory } from "../store/state-directory.ts"
import { repeat, type Watched } from "../upkeep.ts"

const SECOND = 1000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

/** What the certificate parts share. */
export interface Surroundings {
  readonly config: Config
  readonly state: StateDirectory
  readonly health: Health
  readonly clock: Clock
  readonly log: Logger
  /** For each piece of work that writes down what memory knows already. */
  readonly writing: () => Watched
  /** Told of each document that a newer version had changed and that is set back. */
  readonly onReverted: (what: string) => void
}

/** Our own authority with its log, and who else is trusted. */
export interface Trusting {
  readonly files: StoredAuthority
  readonly issueLog: IssueLog
  readonly authority: Authority
  readonly trust: Trust
}

export const UNSEALED = "it lies unencrypted in the state directory"

/** Opens authority, issue log and trust bundle, and looks after certificates that nobody ever uses. */
export async function openTrusting({
  config,
  state,
  health,
  clock,
  log,
  writing,
  onReverted,
}: Surroundings): Promise<Trusting & AsyncDisposable> {
  await using parts = new AsyncDisposableStack()
  const folder = await state.folder("ca")
  const files = await openAuthorityFiles(folder, config.site)
  const onTorn = (detail: string) => health.raise("issue-log-torn", detail)
  const issued = { path: join(folder, "issued.jsonl"), schema: issueRecord, isLater: isLaterRecord }
  const journal = parts.use(await openJournal({ ...issued, onTorn, onLater: onReverted }))
  const issueLog = inside(folder, () => new IssueLog(journal))
  const written = writing()
  parts.defer(() => issueLog.flush())
  parts.use(repeat("keeping first connections", SECOND, () => written(() => issueLog.flush()), log))
  const lifetime = config.certificates.deviceLifetimeDays
  const authority = inside(folder, () => new Authority({ ...files, site: config.site, log: issueLog, clock, lifetime }))
  const path = join(state.path, "trust.json")
  const format = `${TRUST_FORMAT}/1`
  const outside = await openDocument({ path, format, schema: trustDocument, initial: emptyTrust, onReverted })
  const trust = inside(
    path,
    () => new Trust({ own: authority, outside, clock, grace: config.certificates.graceDays * DAY }),
  )

  if (!files.sealed) health.raise("root-key-unsealed", UNSEALED)
  if (authority.clockBehind(clock.now())) {
    health.raise("clock-behind", "the newest certificate is dated more than a day ahead")
  }
  const document = await openDocument({
    path: join(folder, "pending.json"),
    format: `${PENDING_FORMAT}/1`,
    schema: pendingDocument,
    initial: emptyPending,
    onReverted,
  })
  const revoke = authority.revoke.bind(authority)
  const pending = new Pending({
    log: issueLog,
    document,
    revoke,
    supersede: (serial, by) => issueLog.supersede(serial, by, clock.now()),
    clock,
    patience: config.certificates.pendingHours * HOUR,
  })
  parts.use(repeat("revoking certificates that were never used", MINUTE, () => pending.tick(), log))
  const lists = async () => {
    const stale = trust
      .list()
      .filter(({ revocation }) => (revocation?.nextUpdate ?? Number.POSITIVE_INFINITY) < clock.now())
    if (stale.length === 0) return health.clear("revocation-list-stale")
    health.raise("revocation-list-stale", stale.map(({ name, id }) => `${name} (${id})`).join(", "))
  }
  await lists()
  trust.onChange(() => void lists())
  parts.use(repeat("looking at revocation lists", MINUTE, lists, log))
  const stack = parts.move()
  return { files, issueLog, authority, trust, [Symbol.asyncDispose]: () => stack.disposeAsync() }
}

/** The domain knows no files: a refusal of what was in one names the place. */
function inside<T>(path: string, make: () => T): T {
  try {
    return make()
  } catch (error) {
    throw error instanceof GatewayError ? new GatewayError(error.code, `${path}: ${error.message}`) : error
  }
}
