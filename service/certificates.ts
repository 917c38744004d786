import { join } from "node:path"
import { localAddresses, localNames } from "./addresses.ts"
import { isPrivateAddress } from "./ca/address.ts"
import { Authority } from "./ca/authority.ts"
import { isIssuedBy, readCertificate } from "./ca/certificate.ts"
import { IssueLog, issueRecord } from "./ca/issue-log.ts"
import {
  KeptCertificate,
  type KeptCertificateParts,
  noServerCertificate,
  type Reachable,
  SERVER_CERTIFICATE_FORMAT,
  serverCertificateDocument,
} from "./ca/kept-certificate.ts"
import type { PageAuthority } from "./ca/page-authority.ts"
import { pemBlocks } from "./ca/pem.ts"
import { emptyPending, PENDING_FORMAT, Pending, pendingDocument } from "./ca/pending.ts"
import { Trust } from "./ca/trust.ts"
import { emptyTrust, TRUST_FORMAT, trustDocument } from "./ca/trust-document.ts"
import type { Clock } from "./clock.ts"
import type { Config } from "./config.ts"
import { GatewayError } from "./errors.ts"
import type { Health } from "./health.ts"
import type { Logger } from "./log.ts"
import { openAuthorityFiles, type StoredAuthority } from "./store/authority-files.ts"
import { openDocument } from "./store/document.ts"
import { openJournal } from "./store/journal.ts"
import { openPageAuthorityFiles } from "./store/page-authority-files.ts"
import type { StateDirectory } from "./store/state-directory.ts"
import { repeat, sharedAlarm, type Watched } from "./upkeep.ts"

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
  const journal = parts.use(await openJournal({ path: join(folder, "issued.jsonl"), schema: issueRecord, onTorn }))
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

/** What a TLS listener shows. */
export interface ServerKeys {
  readonly key: string
  readonly cert: string
}

export interface ServerCertificates extends AsyncDisposable {
  /** Every name and address this gateway answers to, now. */
  reachable(): Reachable
  /** What a person installs in a browser. */
  readonly pageAuthority: PageAuthority
  broker(): ServerKeys
  page(): ServerKeys
  /** Called with each new pair. */
  onBroker(listener: (keys: ServerKeys) => void): void
  onPage(listener: (keys: ServerKeys) => void): void
}

/** The broker's certificate from the device authority, the page's from its own; both issued again as the machine changes. */
export async function openServerCertificates(
  surroundings: Surroundings,
  authority: Authority,
): Promise<ServerCertificates> {
  const { config, state, clock } = surroundings
  await using parts = new AsyncDisposableStack()
  const reachable = () => ({
    names: [...new Set([...localNames(config.hostname), ...config.names])],
    addresses: [...new Set([...localAddresses(), ...config.addresses])],
  })
  // the page's authority is bound to private addresses: a public one is reached by name
  const pageReachable = () => ({ names: reachable().names, addresses: reachable().addresses.filter(isPrivateAddress) })
  const pageAuthority = await openPageAuthorityFiles(await state.folder("page"), config.site, reachable().names, clock)
  const renewal = sharedAlarm(surroundings.health, "server-certificate-failed")
  const broker = await openKept(surroundings, parts, renewal(), {
    name: "broker",
    authorityPem: authority.anchors[0],
    reachable,
    issue: (wanted) => authority.issueServer(wanted),
  })
  const page = await openKept(surroundings, parts, renewal(), {
    name: "page",
    authorityPem: pageAuthority.certPem,
    reachable: pageReachable,
    issue: async ({ names, addresses }) => pageAuthority.issue(names, addresses),
  })
  const stack = parts.move()
  return {
    reachable,
    pageAuthority,
    broker: broker.keys,
    page: page.keys,
    onBroker: broker.onNew,
    onPage: page.onNew,
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  }
}

interface Server extends Pick<KeptCertificateParts, "reachable" | "issue"> {
  readonly name: string
  /** Who issues. */
  readonly authorityPem: string
}

/** One server certificate, looked at every minute. */
async function openKept(
  { state, clock, log, onReverted }: Surroundings,
  parts: AsyncDisposableStack,
  watched: Watched,
  { name, authorityPem, reachable, issue }: Server,
) {
  const document = await openDocument({
    path: join(await state.folder("ca"), `${name}.json`),
    format: `${SERVER_CERTIFICATE_FORMAT}/1`,
    schema: serverCertificateDocument,
    initial: noServerCertificate,
    onReverted,
  })
  const { current } = document.value
  // the authority may have been made anew since, and nobody trusts the old one
  if (current !== null && !isOf(authorityPem, current.certPem)) {
    await document.update((before) => ({ ...before, current: null }))
  }
  const kept = new KeptCertificate({ document, issue, reachable, clock })
  const listeners = new Set<(keys: ServerKeys) => void>()
  const keys = (): ServerKeys => {
    if (kept.current === undefined) throw new Error("a server certificate is issued before it is shown")
    return { key: kept.current.keyPem, cert: kept.current.certPem }
  }
  const look = async () => {
    const reason = await kept.check()
    if (reason === null) return
    log.info("server certificate issued", { server: name, reason })
    for (const listener of listeners) listener(keys())
  }
  await look()
  parts.use(repeat(`renewing the certificate of the ${name}`, MINUTE, () => watched(look), log))
  return {
    keys,
    onNew: (listener: (keys: ServerKeys) => void) => {
      listeners.add(listener)
    },
  }
}

function isOf(authorityPem: string, certPem: string): boolean {
  try {
    const [leaf, authority] = [certPem, authorityPem].map((text) => readCertificate(pemBlocks(text)[0]!.der!))
    return isIssuedBy(leaf!, authority!)
  } catch {
    return false
  }
}
