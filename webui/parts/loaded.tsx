import type { ComponentChildren } from "preact"
import type { Resource } from "../resource.ts"
import { words } from "../words.ts"
import { Button } from "./button.tsx"
import { Notice } from "./notice.tsx"

const t = words({
  en: { loading: "Loading…", again: "Try again" },
  de: { loading: "Wird geladen…", again: "Noch einmal versuchen" },
})

export interface LoadedProps<T> {
  readonly resource: Resource<T>
  /** Shown until the answer to another question is here, such as what was found before a filter was chosen. */
  readonly meanwhile?: T | undefined
  readonly children: (value: T) => ComponentChildren
}

/** Something of the API once it is there; until then that it is on its way, or why it is not. */
export function Loaded<T>({ resource, meanwhile, children }: LoadedProps<T>) {
  const value = resource.value.value ?? meanwhile
  const error = resource.error.value
  return (
    <>
      {error && (
        <Notice kind="bad" urgent>
          <p>{error.message}</p>
          <Button icon="refresh" onClick={() => void resource.reload()}>
            {t().again}
          </Button>
        </Notice>
      )}
      {value === undefined ? !error && <p class="loading">{t().loading}</p> : children(value)}
    </>
  )
}
