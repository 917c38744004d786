import { join } from "node:path"
import { localAddresses, localNames } from "../addresses.ts"
import { isPrivateAddress } from "../ca/address.ts"
import type { Authority } from "../ca/authority.ts"
import { isIssuedBy, readCertificate } from "../ca/certificate.ts"
import {
  KeptCertificate,
  type KeptCertificateParts,
  noServerCertificate,
  type Reachable,
  SERVER_CERTIFICATE_FORMAT,
  type ServerCertificate,
  serverCertificateDocument,
} from "../ca/kept-certificate.ts"
import type { PageAuthority } from "../ca/page-authority.ts"
import { pemBlocks } from "../ca/pem.ts"
import { checkUploaded } from "../ca/uploaded-certificate.ts"
import { DAY, dateOf } from "../ca/validity.ts"
import { GatewayError } from "../errors.ts"
import { openDocument } from "../store/document.ts"
import { openPageAuthorityFiles } from "../store/page-authority-files.ts"
import { repeat, sharedAlarm, type Watched } from "../upkeep.ts"
import type { Surroundings } from "./certificates.ts"

const MINUTE = 60_000
/** An uploaded certificate that ends within this is an alarm: only a person can replace it. */
const SOON = 21 * DAY

/** What a TLS listener shows. */
export interface ServerKeys {
  readonly key: string
  readonly cert: string
}

export type ServerName = "page" | "broker"

export interface ShownCertificate {
  readonly server: ServerName
  readonly uploaded: boolean
  /** PEM, leaf first. */
  readonly certificate: string
  /** Milliseconds since the epoch. */
  readonly notAfter: number
  readonly names: readonly string[]
  readonly addresses: readonly string[]
}

export interface ServerCertificates extends AsyncDisposable {
  /** Every name and address this gateway answers to, now. */
  reachable(): Reachable
  /** What a person installs in a browser. */
  readonly pageAuthority: PageAuthority
  broker(): ServerKeys
  page(): ServerKeys
  /** What each server shows, and whether a person brought it. */
  shown(): ShownCertificate[]
  /** Shows a person's own certificate from the next handshake on. Rejects with `certificate-refused`, `disk-failed`. */
  upload(server: ServerName, chainPem: string, keyPem: string): Promise<void>
  /** Shows the gateway's own again. Rejects with `not-found` and `disk-failed`. */
  withdraw(server: ServerName): Promise<void>
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
    shown: () => [page.shown(), broker.shown()],
    upload: (server, chain, key) => (server === "page" ? page : broker).replace(checkUploaded(chain, key, clock.now())),
    withdraw: (server) => (server === "page" ? page : broker).replace(null),
    onBroker: broker.onNew,
    onPage: page.onNew,
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  }
}

interface Server extends Pick<KeptCertificateParts, "reachable" | "issue"> {
  readonly name: ServerName
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
  const { current: last } = document.value
  // the authority may have been made anew since, and nobody trusts the old one
  if (last !== null && !isOf(authorityPem, last.certPem)) {
    await document.update((before) => ({ ...before, current: null }))
  }
  const kept = new KeptCertificate({ document, issue, reachable, clock })
  const own = await openDocument({
    path: join(await state.folder("ca"), `${name}-uploaded.json`),
    format: `${SERVER_CERTIFICATE_FORMAT}/1`,
    schema: serverCertificateDocument,
    initial: noServerCertificate,
    onReverted,
  })
  const current = () => own.value.current ?? kept.current
  const listeners = new Set<(keys: ServerKeys) => void>()
  const keys = (): ServerKeys => {
    const shown = current()
    if (shown === undefined) throw new Error("a server certificate is issued before it is shown")
    return { key: shown.keyPem, cert: shown.certPem }
  }
  const tell = () => {
    for (const listener of listeners) listener(keys())
  }
  const look = async () => {
    const reason = await kept.check()
    if (reason !== null) {
      log.info("server certificate issued", { server: name, reason })
      tell()
    }
    const { current: uploaded } = own.value
    if (uploaded === null || clock.now() < uploaded.notAfter - SOON) return
    throw new Error(
      `the certificate that was uploaded for the ${name} ends on ${dateOf(uploaded.notAfter)}; upload its successor`,
    )
  }
  await watched(look).catch((error) => {
    if (current() === undefined) throw error // an uploaded one that ends soon is an alarm, and no reason not to start
  })
  parts.use(repeat(`renewing the certificate of the ${name}`, MINUTE, () => watched(look), log))
  return {
    keys,
    shown: (): ShownCertificate => {
      const { certPem: certificate = "", notAfter = 0, names = [], addresses = [] } = current() ?? {}
      return { server: name, uploaded: own.value.current !== null, certificate, notAfter, names, addresses }
    },
    replace: async (uploaded: ServerCertificate | null) => {
      await own.update((before) => {
        if (uploaded !== null || before.current !== null) return { ...before, current: uploaded }
        throw new GatewayError("not-found", `no certificate was uploaded for the ${name}; it shows the gateway's own`)
      })
      log.info("server certificate replaced", { server: name, uploaded: uploaded !== null })
      tell()
      await watched(look).catch(() => {})
    },
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
