import { visible } from "./navigation.tsx"
import { Button } from "./parts/button.tsx"
import { Icon } from "./parts/icon.tsx"
import { PageHead } from "./parts/page-head.tsx"
import { href } from "./router.ts"
import { session, signOut } from "./session.ts"
import { inLanguage, words } from "./words.ts"

const t = words({
  en: { title: "More", signedIn: (name: string) => `Signed in as ${name}`, signOut: "Sign out" },
  de: { title: "Mehr", signedIn: (name: string) => `Angemeldet als ${name}`, signOut: "Abmelden" },
})

/** On a phone: what has no room in the bar at the bottom. */
export function More() {
  return (
    <>
      <PageHead
        title={t().title}
        lead={t().signedIn(session.value?.username ?? "")}
        actions={
          <Button icon="leave" onClick={() => void signOut()}>
            {t().signOut}
          </Button>
        }
      />
      <ul class="rows">
        {visible("more").map((entry) => (
          <li key={entry.path}>
            <a class="row" href={href(entry.path)}>
              {entry.icon && <Icon name={entry.icon} />}
              <span class="row-main">{inLanguage(entry.label)}</span>
              <Icon name="next" />
            </a>
          </li>
        ))}
      </ul>
    </>
  )
}
