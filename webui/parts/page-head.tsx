import type { ComponentChildren } from "preact"
import { useEffect, useLayoutEffect, useRef } from "preact/hooks"
import { Icon } from "./icon.tsx"

export interface PageHeadProps {
  readonly title: string
  /** One sentence that says what this page is for. */
  readonly lead?: ComponentChildren
  /** Where one comes from: the list that a single thing is in. */
  readonly back?: { readonly href: string; readonly label: string }
  /** Buttons that concern the whole page. */
  readonly actions?: ComponentChildren
}

let isFirst = true

/** The head of every page. Its heading takes the focus when the person comes to the page, so that it is read out. */
export function PageHead({ title, lead, back, actions }: PageHeadProps) {
  const heading = useRef<HTMLHeadingElement>(null)
  useLayoutEffect(() => {
    document.title = `${title} · Gatehouse`
  }, [title])
  useEffect(() => {
    if (isFirst)
      isFirst = false // the browser itself has just read the page's title
    else heading.current?.focus({ preventScroll: true })
    scrollTo(0, 0)
  }, [])
  return (
    <header class="page-head">
      {back && (
        <a class="back" href={back.href}>
          <Icon name="back" />
          {back.label}
        </a>
      )}
      <div class="page-title">
        <h1 ref={heading} tabIndex={-1}>
          {title}
        </h1>
        {actions && <div class="actions">{actions}</div>}
      </div>
      {lead && <p class="lead">{lead}</p>}
    </header>
  )
}
