/** Time is an argument: every part that needs it is given a clock. */
export interface Clock {
  /** Wall-clock time in milliseconds since the epoch; may jump. */
  now(): number
  /** Milliseconds since some fixed moment; never jumps, unrelated to the date. */
  elapsed(): number
}

export const systemClock: Clock = {
  now: () => Date.now(),
  elapsed: () => performance.now(),
}
