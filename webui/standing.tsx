import { useLayoutEffect } from "preact/hooks"
import { clockTime } from "./format.ts"
import { connection } from "./live.ts"
import { Button } from "./parts/button.tsx"
import { Dialog } from "./parts/dialog.tsx"
import { Icon } from "./parts/icon.tsx"
import { ended, toSignIn } from "./session.ts"
import { words } from "./words.ts"

const t = words({
  en: {
    gone: (since: string) => `No connection to the gateway since ${since}. What you see is from then.`,
    ended: "You have been signed out",
    endedHint: "After 15 minutes without input, or when your password or account changes, a session ends.",
    signIn: "Sign in again",
  },
  de: {
    gone: (since: string) => `Seit ${since} keine Verbindung zum Gateway. Die Anzeige ist von diesem Zeitpunkt.`,
    ended: "Sie wurden abgemeldet",
    endedHint: "Nach 15 Minuten ohne Eingabe, oder wenn sich Kennwort oder Konto ändern, endet eine Sitzung.",
    signIn: "Neu anmelden",
  },
})

/** Says that the gateway is gone and since when, and greys what is no longer known to be true. */
export function ConnectionBanner() {
  const { alive, since } = connection.value
  useLayoutEffect(() => {
    document.documentElement.toggleAttribute("data-stale", !alive)
  }, [alive])
  return (
    <div role="alert" class="connection">
      {!alive && (
        <p>
          <Icon name="warning" />
          {t().gone(clockTime(since))}
        </p>
      )}
    </div>
  )
}

export function SessionEnded() {
  if (!ended.value) return null
  return (
    <Dialog title={t().ended} onClose={toSignIn}>
      <p>{t().endedHint}</p>
      <div class="actions">
        <Button kind="primary" onClick={toSignIn}>
          {t().signIn}
        </Button>
      </div>
    </Dialog>
  )
}
