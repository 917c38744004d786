import type { RefObject } from "preact"
import { useLayoutEffect, useRef, useState } from "preact/hooks"

/** The width of an element in pixels as it is and becomes, so that a picture's letters are as large as the page's. */
export function useWidth<E extends Element>(
  first: number,
): { readonly box: RefObject<E | null>; readonly width: number } {
  const box = useRef<E>(null)
  const [width, setWidth] = useState(first)
  useLayoutEffect(() => {
    const element = box.current
    if (element === null) return
    const observer = new ResizeObserver(([entry]) => {
      const measured = entry?.contentRect.width ?? 0
      if (measured > 0) setWidth(measured)
    })
    observer.observe(element)
    return () => observer.disconnect()
  }, [])
  return { box, width }
}
