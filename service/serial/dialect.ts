/**
 * What a device's language is to the provisioning dialogue, and the line it is spoken over. One file in `dialects/` for
 * each language; the dialogue (`dialogue.ts`) knows none of them by name.
 *
 * Every step may be called again: after a lost answer, a pulled cable, a killed gateway. A dialect therefore keeps no
 * state of its own; it asks the device how far it is, or does again what may be done again. A step answers with a
 * refusal where the device, or a rule, says no; it lets a `LineFault` through where the line fails.
 */
export interface Dialect {
  /** Stable; stands in jobs and in the API. */
  readonly id: string
  /** As a person knows it: "nRF91 AT commands". */
  readonly title: string
  /** Where the private key is made. With "gateway" the dialogue makes it and hands it to `store`; shown as second best. */
  readonly keyOrigin: "device" | "gateway"
  /** Worth trying, the likeliest first. */
  readonly baudRates: readonly number[]

  /**
   * Finds out whether the device speaks this dialect, by nothing that leaves a trace in it. Undefined when it does not,
   * also when nothing is heard: lets no "timeout" through. Takes at most about two seconds; it is called again while the
   * device may still be starting.
   */
  detect(line: Line): Promise<Identity | undefined>

  /**
   * Has the device make its key, in a place where nothing in use is lost, and sign a request. The same job must get the
   * same key whenever the device can tell. Only where `keyOrigin` is "device".
   */
  request?(line: Line, task: Task): Promise<Outcome<KeyRequest>>

  /** Puts everything into the device, from where it was left. A device that has all of it already is left alone. */
  store(line: Line, task: Task, material: Material): Promise<Outcome>

  /** Whether the device holds what was stored, by its own hashes wherever it has some. */
  verify(line: Line, task: Task, material: Material): Promise<Outcome<Verified>>

  /** Has the device connect to the broker with what it was given. */
  connect(line: Line, task: Task, material: Material): Promise<Outcome<Connecting>>

  /** Takes back what an abandoned job left behind and nobody uses, where that is possible. Best effort. */
  discard?(line: Line, task: Task): Promise<void>
}

/** What a device says of itself when it is recognised. All text is untrusted: shown, never obeyed. */
export interface Identity {
  /** Unchanging and the device's own (chip identifier, IMEI); undefined where the dialect knows none. */
  readonly uid?: string | undefined
  readonly model?: string | undefined
  readonly firmware?: string | undefined
  /** blank: holds nothing; pending: a job was begun; active: holds a certificate that is in use. */
  readonly state: "blank" | "pending" | "active" | "unknown"
  /** The job whose key waits in the device. */
  readonly job?: string | undefined
  /** The device's own common name, where it has one already: from its certificate or fixed by its firmware. */
  readonly commonName?: string | undefined
  /** Serial number of the certificate in use, lower-case hex. */
  readonly certificate?: string | undefined
}

/** One job as a dialect sees it. */
export interface Task {
  /** 1 to 32 of a-z 0-9; the same through every attempt. */
  readonly job: string
  /** The username; a valid one. */
  readonly commonName: string
  /** Milliseconds since the epoch, for devices without a clock. */
  now(): number
  /** What the person said to a question of this identifier: "yes", "no", a code; undefined while nobody has. */
  answer(question: string): string | undefined
  /** Something worth a line in the job's log. */
  note(sentence: string): void
}

/** The device's request, PKCS#10 as PEM text or DER bytes; judged by the authority, not by the dialect. */
export interface KeyRequest {
  readonly csr: string | Buffer
}

/** What a device is to hold. */
export interface Material {
  /** The device's own certificate, PEM. */
  readonly certificatePem: string
  /** Own certificate and issuing authority, PEM, as a device presents them. */
  readonly chainPem: string
  /** The trust anchor for the broker's certificate, PEM. */
  readonly rootPem: string
  /** Serial number of the certificate, lower-case hex. */
  readonly serial: string
  /** SHA-256 of the device's public key (SubjectPublicKeyInfo), lower-case hex. */
  readonly spkiHash: string
  /** PKCS#8 PEM; there exactly where `keyOrigin` is "gateway". Send it with `secret`. */
  readonly privateKeyPem?: string | undefined
  /** Where the broker listens for mutual TLS: an address or name its certificate bears, and the port. */
  readonly broker: { readonly host: string; readonly port: number }
  /** What else the device is told: its client identifier, the prefix of its topics and the like. */
  readonly settings: Readonly<Record<string, string>>
}

export interface Verified {
  /** Whether the device proved it (hash, signature) or there is no way to ask it. */
  readonly proven: boolean
}

export interface Connecting {
  /** Whether the device was told to connect. Otherwise `remedy` says what the person has to do. */
  readonly told: boolean
  readonly remedy?: string | undefined
}

/** A step's answer. */
export type Outcome<T = undefined> = { readonly ok: true; readonly value: T } | Refused

export interface Refused {
  readonly ok: false
  /**
   * Stable, kebab-case. "question" stands for a step that waits for the person: `question` is there. "key-lost" says that
   * the device does not hold the key of the certificate: it is asked for a request again.
   */
  readonly code: string
  /** What, why, and what to do, for the technician. */
  readonly sentence: string
  /** Whether the same step may succeed when it is tried again with nothing else changed. */
  readonly passing: boolean
  readonly question?: Question | undefined
}

/** Something only the person at the device may decide. It is never answered on their behalf. */
export interface Question {
  /** Stable within a job, kebab-case; `Task.answer` is asked for it. */
  readonly id: string
  /** irreversible: yes or no to something that cannot be undone. code: a text that stands on the device. */
  readonly kind: "irreversible" | "code"
  /** What is asked, and what follows from it. */
  readonly sentence: string
}

export function done(): Outcome
export function done<T>(value: T): Outcome<T>
export function done(value?: unknown): Outcome<unknown> {
  return { ok: true, value }
}

/** The device or a rule says no, and will again. */
export function refused(code: string, sentence: string): Refused {
  return { ok: false, code, sentence, passing: false }
}

/** It did not work this time. */
export function failedForNow(code: string, sentence: string): Refused {
  return { ok: false, code, sentence, passing: true }
}

/** The step goes on once the person has answered. */
export function needsAnswer(question: Question): Refused {
  return { ok: false, code: "question", sentence: question.sentence, passing: false, question }
}

/**
 * The line to one device: open, exclusively ours, and bounded, whatever the other end sends. Everything on it goes into
 * the job's log. Received bytes are shown as Latin-1 text, one character for each byte. Every call rejects with a
 * `LineFault`: "gone" when the cable was pulled, "aborted" when the job was cancelled or the gateway stops. One read at
 * a time.
 */
export interface Line {
  /** What was received last, since the port was opened: at most 4 KiB; for banners that are sent without being asked. */
  readonly heard: string
  readonly baudRate: number
  /** Aborted as soon as the line is of no more use. */
  readonly signal: AbortSignal

  /**
   * The next line, without its LF and a CR before it. One longer than `longest` bytes (default 8192) is thrown away
   * whole, as noise. Rejects with "timeout" when none has ended after `timeoutMs` from now, noise or not; what has come
   * of the next line stays and is read later.
   */
  readLine(options: { readonly timeoutMs: number; readonly longest?: number }): Promise<string>

  /**
   * Everything up to and including the first match, across lines; for prompts that no LF ends. Looks at the last
   * `longest` bytes (default 8192): what lies before is thrown away. Rejects with "timeout".
   */
  readUntil(
    wanted: string | RegExp,
    options: { readonly timeoutMs: number; readonly longest?: number },
  ): Promise<string>

  /** Exactly so many bytes, at most 64 KiB. Rejects with "timeout"; what has come stays. */
  readBytes(count: number, options: { readonly timeoutMs: number }): Promise<Buffer>

  /** Throws away what was received and not read. */
  discard(): void

  /**
   * Sends, and resolves once the bytes are with the system's driver. Text is sent as Latin-1. With `secret` the log
   * shows their number only, and hides them also where the device echoes them.
   */
  write(data: string | Buffer, options?: { readonly secret?: boolean }): Promise<void>

  /** Waits, unless the line goes first. */
  wait(ms: number): Promise<void>

  /** Raises or drops the modem lines, where the adapter has some; many boards reset on it. */
  set(lines: { readonly dtr?: boolean; readonly rts?: boolean }): Promise<void>
}

export type LineFaultCode = "timeout" | "gone" | "aborted"

/** The line failed. Only "timeout" may be worth catching: to send again, or to refuse with a better sentence. */
export class LineFault extends Error {
  readonly code: LineFaultCode

  constructor(code: LineFaultCode, message: string, options: { cause?: unknown } = {}) {
    super(message, options)
    this.name = "LineFault"
    this.code = code
  }
}

export function isTimeout(error: unknown): boolean {
  return error instanceof LineFault && error.code === "timeout"
}
