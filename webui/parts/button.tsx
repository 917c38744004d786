import type { ComponentChildren } from "preact"
import { Icon, type IconName } from "./icon.tsx"

export interface ButtonProps {
  readonly children: ComponentChildren
  readonly onClick?: () => void
  readonly kind?: "primary" | "plain" | "danger" | "quiet"
  readonly icon?: IconName
  readonly type?: "button" | "submit"
  /** Under way: it stays in its place, says so, and takes no second press. */
  readonly busy?: boolean
  readonly disabled?: boolean
  /** Set where it is a switch that stays pressed. */
  readonly pressed?: boolean
}

export function Button(props: ButtonProps) {
  const { children, onClick, kind = "plain", icon, type = "button", busy = false, disabled = false, pressed } = props
  return (
    <button
      type={type}
      class={`button button-${kind}`}
      onClick={() => !busy && onClick?.()}
      disabled={disabled}
      aria-busy={busy}
      aria-disabled={busy || undefined}
      aria-pressed={pressed}
    >
      {icon && <Icon name={icon} />}
      <span>{children}</span>
    </button>
  )
}

export interface LinkButtonProps {
  readonly href: string
  readonly children: ComponentChildren
  readonly kind?: "primary" | "plain" | "quiet"
  readonly icon?: IconName
  /** The file name it is saved under. */
  readonly download?: string
}

/** Goes somewhere, or saves something, and so is a link. */
export function LinkButton({ href, children, kind = "plain", icon, download }: LinkButtonProps) {
  return (
    <a class={`button button-${kind}`} href={href} {...(download === undefined ? {} : { download })}>
      {icon && <Icon name={icon} />}
      <span>{children}</span>
    </a>
  )
}
