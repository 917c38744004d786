import type { ComponentChildren } from "preact"
import { useEffect, useId, useRef } from "preact/hooks"

export interface DialogProps {
  readonly title: string
  readonly children: ComponentChildren
  /** Escape, or the browser's own way back. The focus returns to where it was. */
  readonly onClose: () => void
}

/** Shown while it is rendered. The browser keeps the focus inside and gives it back when it goes. */
export function Dialog({ title, children, onClose }: DialogProps) {
  const dialog = useRef<HTMLDialogElement>(null)
  const id = useId()
  useEffect(() => {
    const shown = dialog.current
    const before = document.activeElement
    shown?.showModal()
    return () => {
      shown?.close()
      // the dialog is taken out of the page as it closes, too soon for the browser to give the focus back by itself
      setTimeout(() => before instanceof HTMLElement && before.isConnected && before.focus())
    }
  }, [])
  return (
    <dialog
      ref={dialog}
      aria-labelledby={id}
      onCancel={(event) => {
        event.preventDefault()
        onClose()
      }}
    >
      <h2 id={id}>{title}</h2>
      {children}
    </dialog>
  )
}
