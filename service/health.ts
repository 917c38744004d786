/**
 * Everything that can be wrong is declared once, here, with its title and what to do. The status line, the API, the
 * page and the command line read the same list.
 */
export const CONDITIONS = {
  "store-write-failed": { title: "The state could not be written", remedy: "Check the disk for space and errors." },
  "document-reverted": {
    title: "The state is as it was before a newer version ran",
    remedy:
      "Look over users, roles and authorities: what was changed under the newer version lies in the file named here.",
  },
  "session-store-failed": {
    title: "Messages and sessions cannot be written to the disk",
    remedy: "Free space or check the disk. Until then what cannot be kept is refused (0x97); it goes on by itself.",
  },
  "store-damaged": {
    title: "Part of the session store was not readable",
    remedy: "Everything whole was carried over. The rest lies aside under the name given; the next start clears this.",
  },
  "issue-log-torn": {
    title: "The last line of the certificate log was incomplete",
    remedy: "Nothing handed out is lost; the torn line lies beside the log for inspection.",
  },
  "root-key-unsealed": {
    title: "The root key is not sealed with a recovery key",
    remedy: "Seal it with: gatehouse authority seal (or POST /api/v1/authority/seal). It shows the recovery key, once.",
  },
  "round-trip-failed": {
    title: "A message did not make the round trip through the broker",
    remedy: "The service restarts by itself under systemd; see the log for the cause.",
  },
  "listener-closed": {
    title: "A listener could not be opened",
    remedy: "Free the port or change it in the configuration, then restart the service.",
  },
  "certificate-cloned": {
    title: "One certificate is in use by two clients at once",
    remedy: "Find the copy, revoke the certificate, and issue a new one to the real device.",
  },
  "revocation-list-stale": {
    title: "An outside authority's revocation list is out of date",
    remedy: "Load its latest list: gatehouse authority crl ID FILE. Until then who was revoked since is still let in.",
  },
  "clock-behind": {
    title: "The clock is behind the newest certificate of this gateway",
    remedy: "Set the time; certificates cannot be judged by date until then.",
  },
  "server-certificate-failed": {
    title: "The server certificate could not be renewed",
    remedy: "See the log for the cause; the current one stays in use until it expires.",
  },
} as const

export type Condition = keyof typeof CONDITIONS

export interface Alarm {
  readonly condition: Condition
  readonly title: string
  readonly remedy: string
  /** What exactly is affected, in words. */
  readonly detail: string
  /** Milliseconds since the epoch. */
  readonly since: number
}

/** What is wrong right now. An empty list means healthy. */
export class Health {
  #alarms = new Map<Condition, Alarm>()
  #now: () => number
  readonly #listeners = new Set<(change: "raised" | "cleared", alarm: Alarm) => void>()

  constructor(now: () => number) {
    this.#now = now
  }

  raise(condition: Condition, detail: string): void {
    const known = this.#alarms.get(condition)
    const alarm = { condition, ...CONDITIONS[condition], detail, since: known?.since ?? this.#now() }
    this.#alarms.set(condition, alarm)
    if (known?.detail !== detail) this.#tell("raised", alarm)
  }

  clear(condition: Condition): void {
    const alarm = this.#alarms.get(condition)
    if (alarm === undefined) return
    this.#alarms.delete(condition)
    this.#tell("cleared", alarm)
  }

  /** Told of each alarm that begins, that says something new, or that ends. Answers how to stop listening. */
  onChange(listener: (change: "raised" | "cleared", alarm: Alarm) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  #tell(change: "raised" | "cleared", alarm: Alarm): void {
    for (const listener of this.#listeners) listener(change, alarm)
  }

  get alarms(): readonly Alarm[] {
    return [...this.#alarms.values()]
  }
}
