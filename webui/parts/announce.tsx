import { signal } from "@preact/signals"

const said = signal("")

/** Says something to whoever hears the page, in its own time; seen by nobody. */
export function announce(text: string): void {
  said.value = ""
  setTimeout(() => {
    said.value = text
  }, 50)
}

export function Announcer() {
  return (
    <p class="unseen" role="status" aria-live="polite">
      {said.value}
    </p>
  )
}
