import { join } from "node:path"
import { Accounts } from "./access/accounts.ts"
import { displayName } from "./access/door.ts"
import { OWN_ISSUER } from "./access/user.ts"
import { openBroker } from "./broker/broker.ts"
import type { TlsMaterial } from "./broker/listen/listener.ts"
import type { Clock } from "./clock.ts"
import type { Config } from "./config.ts"
import type { Greetable } from "./console.ts"
import { reasonOf } from "./errors.ts"
import { EventHub } from "./events.ts"
import { Health } from "./health.ts"
import { openLocal } from "./http/local.ts"
import type { Gateway as Lent } from "./http/ports.ts"
import type { Logger } from "./log.ts"
import { ownCertificate } from "./own-certificates.ts"
import { openAccess } from "./parts/access-state.ts"
import { takeIntoService } from "./parts/bootstrap.ts"
import { openTrusting, UNSEALED } from "./parts/certificates.ts"
import { openCertifying } from "./parts/certifying.ts"
import { type Claiming, openClaiming } from "./parts/claiming.ts"
import { feed } from "./parts/event-sources.ts"
import { listenerStates, openListeners, openPorts, raise } from "./parts/listeners.ts"
import { revokeOrphans } from "./parts/orphans.ts"
import { openRecords } from "./parts/records.ts"
import { openServerCertificates } from "./parts/server-certificates.ts"
import { inWords, openSystemd } from "./parts/supervision.ts"
import { openWeb, type Web } from "./parts/web.ts"
import { openWorkplace, type Workplace } from "./parts/workplace.ts"
import { Rates, SAMPLE_SECONDS } from "./rates.ts"
import { RecentLog } from "./recent-log.ts"
import { openAppliance } from "./store/root-requests.ts"
import { spaceAt } from "./store/space.ts"
import { openStateDirectory } from "./store/state-directory.ts"
import { isTimeSynchronised } from "./systemd/timesync.ts"
import { repeat, revertedAlarm, sharedAlarm } from "./upkeep.ts"
import { VERSION } from "./version.ts"

const SECOND = 1000

/** Nobody went: the client came. */
const CAME = { cause: "", detail: "" }

export type Gateway = AsyncDisposable & Greetable & Pick<Claiming, "onClaimed">

/**
 * Starts every part in the order it needs the others: users, authority and certificates, broker, page, systemd.
 * Whatever started is closed in reverse order, both when the gateway is disposed and when a later part fails to start.
 * Rejects with the reason of `stop` when that comes before the end of the start.
 */
export async function startGateway(
  config: Config,
  env: NodeJS.ProcessEnv,
  clock: Clock,
  output: Logger,
  stop = new AbortController().signal,
  restart?: () => void,
): Promise<Gateway> {
  await using parts = new AsyncDisposableStack()
  const recentLog = new RecentLog(clock)
  const log = recentLog.keeping(output)
  const health = new Health(() => clock.now())
  const state = parts.use(await openStateDirectory(config.stateDirectory))
  const onReverted = revertedAlarm(health)
  const access = await openAccess(state.path, clock, onReverted)
  const { directory, activity } = access
  const writing = sharedAlarm(health, "store-write-failed")
  const written = writing()
  const keepActivity = () => written(() => activity.flush((username) => directory.users.has(username)))
  parts.defer(keepActivity)
  parts.use(repeat("keeping when users were seen", 10 * SECOND, keepActivity, log))

  const surroundings = { config, state, health, clock, writing, onReverted, log: log.for("ca") }
  const trusting = parts.use(await openTrusting(surroundings))
  const servers = parts.use(await openServerCertificates(surroundings, trusting.authority))
  const { trust } = trusting
  const accounts = new Accounts(
    directory,
    access.passwords,
    (issuer) => issuer === OWN_ISSUER || trust.has(issuer),
    () => clock.now(),
  )
  const events = new EventHub(clock)
  parts.defer(feed(events, { ...access, health, authority: trusting.authority }))
  parts.defer(revokeOrphans(directory, trusting.issueLog, trusting.authority, log))
  const goOn = () => stop.throwIfAborted()
  goOn()
  if (config.bootstrap !== undefined) await takeIntoService(config.bootstrap, directory, accounts, trust, log, goOn)
  goOn()

  const records = parts.use(
    await openRecords({
      ...{ ...access, stateDirectory: state.path, clock, log, writing },
      onTorn: (detail) => log.warn("a change that was being recorded is lost", { detail }),
    }),
  )
  let workplace: Workplace | undefined
  const hosts = () => Object.values(servers.reachable()).flat()
  const { passwords } = access
  const { renewal, registry, atBroker } = openCertifying({
    ...{ directory, accounts, passwords, trusting, hosts, events, clock, log },
  })
  const broker = parts.use(
    await openBroker({
      ...access,
      folder: join(state.path, "broker"),
      onReverted,
      limits: config.limits,
      health,
      clock,
      log: log.for("broker"),
      ...atBroker,
      stillGood: (certificate) => trust.stillGood(certificate, clock.now()),
      onAdmitted: (username, address, certificate) => {
        activity.note(username, address, clock.now())
        if (certificate?.issuer !== OWN_ISSUER || certificate.renewalOnly) return
        if (renewal.seen(certificate.serial)) workplace?.seen(certificate.serial)
      },
      onClient: (change, { clientId, username, address, departure = CAME }) => {
        const client = { clientId: displayName(clientId), username, address }
        events.publish(`client-${change}`, "/clients", { ...client, ...(change === "disconnected" && departure) })
        records.history.note({ ...client, kind: change, at: clock.now(), ...departure })
      },
    }),
  )
  const rates = new Rates(broker, access.door, clock)
  parts.use(repeat("measuring what passes through", SAMPLE_SECONDS * SECOND, async () => rates.take(), log))
  const material = (): TlsMaterial => ({ ...servers.broker(), ca: trust.tlsAuthorities() })
  servers.onBroker(() => broker.swap(material()))
  trust.onChange(() => {
    broker.swap(material())
    broker.recheckCertificates()
  })
  trusting.authority.onRevoked(() => broker.recheckCertificates())
  if (directory.claimed) await openListeners(config, broker, material(), raise)

  const appliance = await openAppliance({
    ...surroundings,
    systemDirectory: config.systemDirectory,
    log: log.for("appliance"),
    onChange: (outcome) => events.publish("appliance-changed", "/appliance", outcome),
  })
  parts.use(appliance)
  let web: Web | undefined
  const open = (): Greetable["listeners"] => openPorts(config, broker, web?.ports ?? {})
  const closed: string[] = []
  const leftClosed = (error: unknown) => {
    closed.push(reasonOf(error))
    health.raise("listener-closed", closed.join("; "))
  }
  const root = {
    get sealed() {
      return trusting.files.sealed
    },
    seal: async () => {
      const recoveryKey = await trusting.files.seal()
      health.clear("root-key-unsealed")
      return recoveryKey
    },
    unseal: async (recoveryKey: string) => {
      await trusting.files.unseal(recoveryKey)
      health.raise("root-key-unsealed", UNSEALED)
    },
  }
  const doors = {
    open: () => openListeners(config, broker, material(), leftClosed),
    close: () => broker.closeListeners(),
  }
  const claiming = parts.use(
    await openClaiming({
      ...{ directory, accounts, trust, root, doors, broker, clock, log },
      stateDirectory: state.path,
    }),
  )
  workplace = parts.use(
    await openWorkplace({
      ...{ config, state, directory, accounts, ...trusting, clock, events, log: log.for("serial") },
      reachable: () => servers.reachable(),
      port: () => open().find((listener) => listener.name === "mqtts")?.port ?? 0,
    }),
  )
  const lent: Lent = {
    ...access,
    ...trusting,
    ...workplace,
    serialEnabled: config.serial.enabled,
    pageAuthority: servers.pageAuthority,
    version: VERSION,
    hostname: config.hostname,
    accounts,
    health,
    events,
    limits: config.limits,
    clock,
    clients: broker,
    backup: () => broker.backup(),
    ...(appliance && { appliance }),
    messages: broker.messages,
    ...records,
    recentLog,
    rates,
    ownCertificates: () => [
      ownCertificate("root", trusting.authority.anchors[1]),
      ownCertificate("issuing", trusting.authority.anchors[0]),
      ownCertificate("broker", servers.broker().cert),
      ownCertificate("page-authority", servers.pageAuthority.certPem),
      ownCertificate("page", servers.page().cert),
    ],
    isTimeSynchronised: () => isTimeSynchronised(),
    restart,
    log: log.for("http"),
    reach: () => servers.reachable(),
    storage: () => spaceAt(state.path),
    listeners: () => listenerStates(config, open()),
    alive: () => !health.alarms.some((alarm) => alarm.condition === "round-trip-failed"),
    claiming,
    servers,
    registry,
    sealRoot: root.seal,
  }
  web = parts.use(
    await openWeb({
      ...{ config, servers, leftClosed, gateway: lent },
      onUpgrade: (request, socket, head) =>
        directory.claimed ? broker.upgrade(request, socket, head) : socket.destroy(),
    }),
  )
  parts.use(await openLocal({ path: join(state.path, "control.sock"), gateway: lent }))

  goOn()
  await openSystemd(parts, env, broker, health, () => inWords(directory.claimed, broker, health), log.for("systemd"))
  const stack = parts.move()
  return {
    get claimed() {
      return directory.claimed
    },
    get claimCode() {
      return claiming.code
    },
    claimFile: claiming.path,
    onClaimed: claiming.onClaimed,
    authorityFile: trusting.files.bundlePath,
    pageWords: servers.pageAuthority.words,
    get names() {
      return servers.reachable().names
    },
    get addresses() {
      return servers.reachable().addresses
    },
    get listeners() {
      return open()
    },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  }
}
