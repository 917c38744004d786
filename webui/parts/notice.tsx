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
