import { type ComponentType, Fragment } from "preact"
import { useEffect, useState } from "preact/hooks"
import { PasswordDialog } from "./confirmation.tsx"
import { More } from "./more.tsx"
import { MORE, Navigation } from "./navigation.tsx"
import { Announcer } from "./parts/announce.tsx"
import { Button } from "./parts/button.tsx"
import { PageHead } from "./parts/page-head.tsx"
import { PAGES, type PageEntry, type PageProps } from "./registry.ts"
import { match, path } from "./router.ts"
import { loadSession, may, session, unreachable } from "./session.ts"
import { ConnectionBanner, SessionEnded } from "./standing.tsx"
import { words } from "./words.ts"

const t = words({
  en: {
    skip: "Skip to the content",
    unreachable: "The gateway does not answer",
    unreachableHint: "Check that it has power and that this device is on the same network, then try again.",
    again: "Try again",
    nothing: "There is no such page",
    nothingHint: "The address may be mistyped, or the page has moved.",
    forbidden: "This page is not open to you",
    forbiddenHint: "Your account has no permission for it. An administrator can give you a role that has.",
    outdated: "The page was updated",
    outdatedHint: "The gateway has a newer version of this page. Load it anew to go on.",
    reload: "Load anew",
  },
  de: {
    skip: "Zum Inhalt springen",
    unreachable: "Das Gateway antwortet nicht",
    unreachableHint:
      "Bitte prüfen, ob es Strom hat und ob dieses Gerät im selben Netz ist, dann noch einmal versuchen.",
    again: "Noch einmal versuchen",
    nothing: "Diese Seite gibt es nicht",
    nothingHint: "Vielleicht ist die Adresse falsch geschrieben, oder die Seite ist umgezogen.",
    forbidden: "Diese Seite ist für Sie nicht freigegeben",
    forbiddenHint: "Ihrem Konto fehlt die Berechtigung. Ein Administrator kann Ihnen eine passende Rolle geben.",
    outdated: "Die Seite wurde aktualisiert",
    outdatedHint: "Das Gateway hat eine neuere Fassung dieser Seite. Bitte neu laden, um weiterzuarbeiten.",
    reload: "Neu laden",
  },
})

/** The frame around every page: the way around, what stands above all pages, and the page itself. */
export function App() {
  if (unreachable.value) {
    return (
      <main class="alone">
        <PageHead title={t().unreachable} lead={t().unreachableHint} />
        <Button kind="primary" icon="refresh" onClick={() => void loadSession()}>
          {t().again}
        </Button>
      </main>
    )
  }
  if (session.value === undefined) return null // on the way to the sign-in
  return (
    <>
      <button type="button" class="skip" onClick={skip}>
        {t().skip}
      </button>
      <Navigation />
      <div class="content">
        <ConnectionBanner />
        <main id="main" tabIndex={-1}>
          <Route />
        </main>
      </div>
      <Announcer />
      <PasswordDialog />
      <SessionEnded />
    </>
  )
}

/** The address after # belongs to the app, so this is no link. */
function skip(): void {
  document.getElementById("main")?.focus()
}

function Route() {
  if (path.value === MORE) return <More />
  for (const entry of PAGES) {
    const params = match(entry.path, path.value)
    if (params === undefined) continue
    if (entry.needs !== undefined && !may(...entry.needs)) {
      return <PageHead title={t().forbidden} lead={t().forbiddenHint} />
    }
    // another device is another page: nothing of the last one stays
    return <Opened key={JSON.stringify([entry.path, params])} entry={entry} params={params} />
  }
  return <PageHead title={t().nothing} lead={t().nothingHint} />
}

function Opened({ entry, params }: { readonly entry: PageEntry } & PageProps) {
  const [Page, setPage] = useState<ComponentType<PageProps>>()
  const [failed, setFailed] = useState(false)
  useEffect(() => {
    entry.load().then(
      (loaded) => setPage(() => loaded.Page),
      () => setFailed(true),
    )
  }, [entry])
  if (failed) {
    return (
      <>
        <PageHead title={t().outdated} lead={t().outdatedHint} />
        <Button kind="primary" icon="refresh" onClick={() => location.reload()}>
          {t().reload}
        </Button>
      </>
    )
  }
  return Page === undefined ? <Fragment /> : <Page params={params} />
}
