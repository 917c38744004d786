import type { Accounts } from "../access/accounts.ts"
import type { Activity } from "../access/activity.ts"
import type { Attempts } from "../access/attempts.ts"
import type { Clients } from "../access/clients.ts"
import type { Directory } from "../access/directory.ts"
import type { Door } from "../access/door.ts"
import type { History } from "../access/history.ts"
import type { TokensDocument } from "../access/kept-tokens.ts"
import type { Messages } from "../access/messages.ts"
import type { Passwords } from "../access/password.ts"
import type { Registry } from "../access/registry.ts"
import type { Appliance } from "../appliance.ts"
import type { Audit } from "../audit.ts"
import type { Authority } from "../ca/authority.ts"
import type { IssueLog } from "../ca/issue-log.ts"
import type { PageAuthority } from "../ca/page-authority.ts"
import type { Clock } from "../clock.ts"
import type { Document } from "../document.ts"
import type { EventHub } from "../events.ts"
import type { Health } from "../health.ts"
import type { Limits } from "../limits.ts"
import type { Logger } from "../log.ts"
import type { OwnCertificate } from "../own-certificates.ts"
import type { Provisioning } from "../provisioning/provisioning.ts"
import type { Station } from "../provisioning/station.ts"
import type { Transcripts } from "../provisioning/transcripts.ts"
import type { Rates } from "../rates.ts"
import type { RecentLog } from "../recent-log.ts"

/** One authority of the trust bundle, as it is shown. Times are milliseconds since the epoch. */
export interface TrustedAuthority {
  readonly id: string
  readonly name: string
  readonly subject: string
  readonly scope: string
  readonly fingerprint: string
  readonly notAfter: number
  /** Its revocation list, where one was loaded. */
  readonly revocation?:
    | {
        readonly serials: ReadonlySet<string>
        readonly thisUpdate: number
        readonly nextUpdate: number | undefined
      }
    | undefined
}

/** The outside authorities whose certificates are taken. */
export interface TrustBundle {
  list(): readonly TrustedAuthority[]
  /** All certificates of the PEM text, or none. Rejects with `certificate-refused`, `conflict` and `bad-request`. */
  add(
    pem: string,
    as: {
      readonly id?: string | undefined
      readonly name?: string | undefined
      readonly scope: string
      readonly by: string
    },
  ): Promise<readonly TrustedAuthority[]>
  /** Takes a revocation list, DER or PEM. Rejects with `not-found`, `certificate-refused` and `disk-failed`. */
  setRevocationList(id: string, list: Buffer): Promise<TrustedAuthority>
  /** Rejects with `not-found`. */
  remove(id: string, by: string): Promise<void>
}

export interface ListenerState {
  readonly name: string
  readonly host: string
  readonly port: number
  readonly open: boolean
}

export interface ServerCertificates {
  /** What each server shows: its chain in PEM, and whether a person brought it. Times are milliseconds since the epoch. */
  shown(): readonly {
    readonly server: "page" | "broker"
    readonly uploaded: boolean
    readonly certificate: string
    readonly notAfter: number
    readonly names: readonly string[]
    readonly addresses: readonly string[]
  }[]
  /** Rejects with `certificate-refused` and `disk-failed`. */
  upload(server: "page" | "broker", chainPem: string, keyPem: string): Promise<void>
  /** Rejects with `not-found` and `disk-failed`. */
  withdraw(server: "page" | "broker"): Promise<void>
}

/** Taking the box into service. */
export interface Claiming {
  /** The code that proves physical presence; undefined when there is none to enter. */
  readonly code: string | undefined
  /** The latest claim, as long as it can be undone; times in milliseconds since the epoch. */
  readonly latest:
    | { readonly username: string; readonly address: string; readonly at: number; readonly undoUntil: number }
    | undefined
  /**
   * First administrator, root key sealed, listeners opened. Of two that race, one rejects with `already-claimed`.
   */
  claim(username: string, password: string, address: string): Promise<{ readonly recoveryKey?: string }>
  /** Gives the box back to whoever has its next code. Rejects with `conflict` ten minutes after the claim. */
  undo(): Promise<void>
}

/** What the gateway lends to the API: the parts of the domain, and the few acts that span several of them. */
export interface Gateway {
  readonly version: string
  readonly hostname: string
  readonly directory: Directory
  readonly accounts: Accounts
  readonly passwords: Passwords
  /** Counts wrong passwords; may be shared with the broker, so that guessing there slows guessing here. */
  readonly attempts: Attempts
  /** The tokens that programs keep over restarts. */
  readonly keptTokens: Document<TokensDocument>
  readonly authority: Pick<Authority, "issue" | "revoke" | "crl" | "anchors" | "chainOf">
  readonly pageAuthority: Pick<PageAuthority, "certPem" | "fingerprint" | "words" | "names">
  readonly issueLog: Pick<IssueLog, "entries" | "find" | "ofUser" | "newestAt">
  readonly trust: TrustBundle
  readonly clients: Clients
  /** What root does for the service; only on the appliance. */
  readonly appliance?: Appliance
  readonly messages: Messages
  readonly history: Pick<History, "of">
  readonly audit: Pick<Audit, "records" | "record">
  readonly recentLog: Pick<RecentLog, "entries">
  readonly rates: Pick<Rates, "samples">
  /** The certificates that are no device's. */
  ownCertificates(): readonly OwnCertificate[]
  /** Undefined where nobody here knows. */
  isTimeSynchronised(): Promise<boolean | undefined>
  /** Ends the process, for systemd to start it again; undefined where nothing would. */
  readonly restart?: (() => void) | undefined
  readonly provisioning: Provisioning
  readonly transcripts: Pick<Transcripts, "read">
  readonly station: Station
  /** Whether ports are looked at at all. */
  readonly serialEnabled: boolean
  readonly activity: Pick<Activity, "of">
  readonly door: Door
  readonly health: Health
  readonly events: EventHub
  readonly limits: Limits
  readonly clock: Clock
  readonly log: Logger
  listeners(): readonly ListenerState[]
  /** Names and addresses under which it can be reached now. */
  reach(): { readonly names: readonly string[]; readonly addresses: readonly string[] }
  /** Of the disk that the state lies on. */
  storage(): Promise<{ readonly freeBytes: number; readonly totalBytes: number }>
  /** Whether the service does its work; says nothing else to anyone. */
  alive(): boolean
  readonly claiming: Claiming
  readonly servers: ServerCertificates
  readonly registry: Registry
  /** Copies sessions, queues and retained messages to a file, while they are in use: its path and its bytes. */
  readonly backup: () => Promise<{ readonly file: string; readonly bytes: number }>
  /** Seals the root key and gives the recovery key, once; rejects with `conflict` when it is sealed. */
  readonly sealRoot?: () => Promise<string>
}
