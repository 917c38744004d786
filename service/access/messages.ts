import type { Policy } from "./policy.ts"

/** One message, as someone who looks on is shown it. */
export interface SeenMessage {
  readonly topic: string
  /** May be a view of a buffer that is used again: copy what is needed beyond this turn. */
  readonly payload: Buffer
  readonly qos: 0 | 1 | 2
  readonly retain: boolean
  /** The publisher's client identifier; "" for the gateway itself, and for a person at the page. */
  readonly publisher: string
}

export interface WantedMessage {
  /** As a client would send it, without its user's prefix. */
  readonly topic: string
  readonly payload: Buffer
  readonly qos: 0 | 1 | 2
  readonly retain: boolean
}

/** Sent: under this topic, to so many sessions. Not sent: why, in one sentence. */
export type Published =
  | { readonly ok: true; readonly topic: string; readonly receivers: number }
  | { readonly ok: false; readonly cause: "not-allowed" | "malformed" | "too-much"; readonly sentence: string }

/** Port: what the API may ask of the broker about messages. Judging who may look is the API's; who may publish, the broker's. */
export interface Messages {
  /** Told of every message from now on that the filter matches. Answers how to stop. */
  watch(filter: string, listener: (message: SeenMessage) => void): () => void
  /** Retained messages that the filter matches and `mayRead` lets through, at most so many. */
  retained(filter: string, most: number, mayRead: (topic: string) => boolean): SeenMessage[]
  /** Publishes as a client with this policy would; resolves once the message is stored where it must be. */
  publish(policy: Policy, wanted: WantedMessage): Promise<Published>
}
