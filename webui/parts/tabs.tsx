import type { ComponentChildren } from "preact"
import { useId, useRef } from "preact/hooks"

export interface Tab<T extends string> {
  readonly id: T
  readonly label: string
}

export interface TabsProps<T extends string> {
  readonly label: string
  readonly tabs: readonly Tab<T>[]
  readonly chosen: T
  readonly onChoose: (tab: T) => void
  readonly children: ComponentChildren
}

/** By the arrow keys too, as the pattern for tabs wants it (WAI-ARIA APG). */
export function Tabs<T extends string>({ label, tabs, chosen, onChoose, children }: TabsProps<T>) {
  const id = useId()
  const list = useRef<HTMLDivElement>(null)
  const step = (by: number) => {
    const index = (tabs.findIndex((tab) => tab.id === chosen) + by + tabs.length) % tabs.length
    const next = tabs[index]
    if (next === undefined) return
    onChoose(next.id)
    list.current?.querySelectorAll<HTMLElement>("[role=tab]")[index]?.focus()
  }
  return (
    <div class="tabs">
      <div
        ref={list}
        role="tablist"
        aria-label={label}
        onKeyDown={({ key }) => (key === "ArrowRight" ? step(1) : key === "ArrowLeft" ? step(-1) : undefined)}
      >
        {tabs.map((tab) => (
          <button
            key={tab.id}
            type="button"
            role="tab"
            id={`${id}-${tab.id}`}
            aria-selected={tab.id === chosen}
            aria-controls={`${id}-panel`}
            tabIndex={tab.id === chosen ? 0 : -1}
            onClick={() => onChoose(tab.id)}
          >
            {tab.label}
          </button>
        ))}
      </div>
      <div role="tabpanel" id={`${id}-panel`} aria-labelledby={`${id}-${chosen}`}>
        {children}
      </div>
    </div>
  )
}
