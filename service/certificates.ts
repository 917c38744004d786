import { join } from "node:path"
import { localAddresses, localNames } from "./addresses.ts"
import { isPrivateAddress } from "./ca/address.ts"
import { Authority } from "./ca/authority.ts"
import { IssueLog, issueRecord } from "./ca/issue-log.ts"
import {
  KeptCertificate,
  type KeptCertificateParts,
  noServerCertificate,
  type Reachable,
  SERVER_CERTIFICATE_FORMAT,
  serverCertificateDocument,
} from "./ca/kept-certificate.ts"
import { emptyPending, PENDING_FORMAT, Pending, pendingDocument } from "./ca/pending.ts"
import { Trust } from "./ca/trust.ts"
import { emptyTrust, TRUST_FORMAT, trustDocument } from "./ca/trust-document.ts"
import type { Clock } from "./clock.ts"
import type { Config } from "./config.ts"
import { reasonOf } from "./errors.ts"
import type { Health } from "./health.ts"
import type { Logger } from "./log.ts"
import { openAuthorityFiles, type StoredAuthority } from "./store/authority-files.ts"
import { openDocument } from "./store/document.ts"
import { openJournal } from "./store/journal.ts"
import { openPageAuthorityFiles } from "./store/page-authority-files.ts"
import type { StateDirectory } from "./store/state-directory.ts"
import { repeat } from "./upkeep.ts"

const SECOND = 1000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE

/** What the certificate parts share. */
export interface Surroundings {
  readonly config: Config
  readonly state: StateDirectory
  readonly health: Health
  readonly clock: Clock
  readonly log: Logger
}

/** Our own authority with its log, and who else is trusted. */
export interface Trusting {
  readonly files: StoredAuthority
  readonly issueLog: IssueLog
  readonly authority: Authority
  readonly trust: Trust
}

/** Opens authority, issue log and trust bundle, and looks after certificates that nobody ever uses. */
export async function openTrusting({
  config,
  state,
  health,
  clock,
  log,
}: Surroundings): Promise<Trusting & AsyncDisposable> {
  await using parts = new AsyncDisposableStack()
  const folder = await state.folder("ca")
  const files = await openAuthorityFiles(folder, config.site)
  const onTorn = (detail: string) => health.raise("issue-log-torn", detail)
  const journal = parts.use(await openJournal({ path: join(folder, "issued.jsonl"), schema: issueRecord, onTorn }))
  const issueLog = new IssueLog(journal)
  parts.defer(() => issueLog.flush())
  parts.use(repeat("keeping first connections", SECOND, () => issueLog.flush(), log))
  const authority = new Authority({ ...files, site: config.site, log: issueLog, clock })
  const path = join(state.path, "trust.json")
  const outside = await openDocument({ path, format: TRUST_FORMAT, schema: trustDocument, initial: emptyTrust })
  const trust = new Trust({ own: authority, outside, clock })

  if (!files.sealed) health.raise("root-key-unsealed", "it lies unencrypted in the state directory")
  if (authority.clockBehind(clock.now())) {
    health.raise("clock-behind", "the newest certificate is dated more than a day ahead")
  }
  const document = await openDocument({
    path: join(folder, "pending.json"),
    format: PENDING_FORMAT,
    schema: pendingDocument,
    initial: emptyPending,
  })
  const revoke = authority.revoke.bind(authority)
  const pending = new Pending({
    log: issueLog,
    document,
    revoke,
    clock,
    patience: config.certificates.pendingHours * HOUR,
  })
  parts.use(repeat("revoking certificates that were never used", MINUTE, () => pending.tick(), log))
  const stack = parts.move()
  return { files, issueLog, authority, trust, [Symbol.asyncDispose]: () => stack.disposeAsync() }
}

/** What a TLS listener shows. */
export interface ServerKeys {
  readonly key: string
  readonly cert: string
}

export interface ServerCertificates extends AsyncDisposable {
  /** Every name and address this gateway answers to, now. */
  reachable(): Reachable
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
  const broker = await openKept(surroundings, parts, "broker", reachable, (wanted) => authority.issueServer(wanted))
  const page = await openKept(surroundings, parts, "page", pageReachable, async ({ names, addresses }) =>
    pageAuthority.issue(names, addresses),
  )
  const stack = parts.move()
  return {
    reachable,
    broker: broker.keys,
    page: page.keys,
    onBroker: broker.onNew,
    onPage: page.onNew,
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  }
}

/** One server certificate, looked at every minute. */
async function openKept(
  { state, health, clock, log }: Surroundings,
  parts: AsyncDisposableStack,
  name: string,
  reachable: () => Reachable,
  issue: KeptCertificateParts["issue"],
) {
  const document = await openDocument({
    path: join(await state.folder("ca"), `${name}.json`),
    format: SERVER_CERTIFICATE_FORMAT,
    schema: serverCertificateDocument,
    initial: noServerCertificate,
  })
  const kept = new KeptCertificate({ document, issue, reachable, clock })
  const listeners = new Set<(keys: ServerKeys) => void>()
  const keys = (): ServerKeys => {
    if (kept.current === undefined) throw new Error("a server certificate is issued before it is shown")
    return { key: kept.current.keyPem, cert: kept.current.certPem }
  }
  const look = async () => {
    try {
      const reason = await kept.check()
      health.clear("server-certificate-failed")
      if (reason === null) return
      log.info("server certificate issued", { server: name, reason })
      for (const listener of listeners) listener(keys())
    } catch (error) {
      health.raise("server-certificate-failed", reasonOf(error))
      throw error
    }
  }
  await look()
  parts.use(repeat(`renewing the certificate of the ${name}`, MINUTE, look, log))
  return {
    keys,
    onNew: (listener: (keys: ServerKeys) => void) => {
      listeners.add(listener)
    },
  }
}
