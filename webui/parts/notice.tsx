import type { ComponentChildren } from "preact"
import { Icon, type IconName } from "./icon.tsx"

export interface NoticeProps {
  readonly kind: "info" | "ok" | "warn" | "bad"
  readonly children: ComponentChildren
  /** Read out at once, for what has just happened. */
  readonly urgent?: boolean
}

const ICONS: Readonly<Record<NoticeProps["kind"], IconName>> = {
  info: "about",
  ok: "check",
  warn: "warning",
  bad: "stop",
}

export function Notice({ kind, children, urgent = false }: NoticeProps) {
  return (
    <div class={`notice notice-${kind}`} role={urgent ? "alert" : undefined}>
      <Icon name={ICONS[kind]} />
      <div>{children}</div>
    </div>
  )
}

/** Why what was asked for was refused; nothing as long as it was not. */
export function Refusal({ of }: { readonly of: { readonly message: string } | undefined }) {
  if (of === undefined) return null
  return (
    <Notice kind="bad" urgent>
      <p>{of.message}</p>
    </Notice>
  )
}
