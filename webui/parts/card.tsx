import type { ComponentChildren } from "preact"

export interface CardProps {
  readonly title?: ComponentChildren
  /** Beside the title: a link, a button. */
  readonly aside?: ComponentChildren
  readonly children: ComponentChildren
  readonly kind?: "plain" | "danger"
}

/** A surface that holds what belongs together. */
export function Card({ title, aside, children, kind = "plain" }: CardProps) {
  return (
    <section class={`card card-${kind}`}>
      {title && (
        <div class="card-head">
          <h2>{title}</h2>
          {aside}
        </div>
      )}
      {children}
    </section>
  )
}

/** Names and their values, one below the other on a phone and side by side where there is room. */
export function Facts({ children }: { readonly children: ComponentChildren }) {
  return <dl class="facts">{children}</dl>
}

export function Fact({ name, children }: { readonly name: string; readonly children: ComponentChildren }) {
  return (
    <div class="fact">
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  )
}

/** What stands where a list would: why it is empty, and what to do. */
export function Empty({ children }: { readonly children: ComponentChildren }) {
  return <div class="empty">{children}</div>
}
