import type { ComponentChildren } from "preact"
import { Icon, type IconName } from "./icon.tsx"

/** `off` is a thing at rest, such as a device that is not connected; `unknown` is one that nothing is known of. */
export type Level = "ok" | "warn" | "bad" | "off" | "unknown"

const ICONS: Readonly<Record<Level, IconName>> = {
  ok: "check",
  warn: "warning",
  bad: "stop",
  off: "off",
  unknown: "clock",
}

/** A state in a word, with a colour and a sign: never by colour alone. */
export function Badge({ level, children }: { readonly level: Level; readonly children: ComponentChildren }) {
  return (
    <span class={`badge badge-${level}`}>
      <Icon name={ICONS[level]} />
      <span>{children}</span>
    </span>
  )
}

export interface StateCardProps {
  readonly name: string
  readonly level: Level
  readonly value: ComponentChildren
  /** Since when, or how old the value is. */
  readonly age?: ComponentChildren
  readonly reason?: ComponentChildren
  /** What to do about it: a sentence, a link or a button. */
  readonly next?: ComponentChildren
  readonly children?: ComponentChildren
}

/** One part of the gateway: its value, its age, the reason and the next step. */
export function StateCard({ name, level, value, age, reason, next, children }: StateCardProps) {
  return (
    <section class={`card state state-${level}`}>
      <h2>
        <Icon name={ICONS[level]} />
        {name}
      </h2>
      <p class="state-value">{value}</p>
      {age && <p class="state-age">{age}</p>}
      {reason && <p class="state-reason">{reason}</p>}
      {next && <p class="state-next">{next}</p>}
      {children}
    </section>
  )
}
