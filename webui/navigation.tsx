import { useId } from "preact/hooks"
import { Icon } from "./parts/icon.tsx"
import { PAGES, type PageEntry } from "./registry.ts"
import { href, match, path } from "./router.ts"
import { may, session, signOut } from "./session.ts"
import { inLanguage, words } from "./words.ts"

const t = words({
  en: { label: "Pages", more: "More", signOut: "Sign out", signedIn: "Signed in as" },
  de: { label: "Seiten", more: "Mehr", signOut: "Abmelden", signedIn: "Angemeldet als" },
})

export const MORE = "/more"

/** At the bottom of a phone the pages one needs most; where there is room, all of them at the side. */
export function Navigation() {
  const bar = visible("bar")
  const more = visible("more")
  const inMore = path.value === MORE || more.some(isHere)
  return (
    <nav class="navigation" aria-label={t().label}>
      <a class="brand" href={href("/")}>
        <Mark />
        <span>Gatehouse</span>
      </a>
      <ul>
        {bar.map((entry) => (
          <Item key={entry.path} entry={entry} />
        ))}
        <li class="narrow-only">
          <a href={href(MORE)} aria-current={inMore ? "page" : undefined}>
            <Icon name="more" />
            <span>{t().more}</span>
          </a>
        </li>
        {more.map((entry) => (
          <Item key={entry.path} entry={entry} wideOnly />
        ))}
      </ul>
      <div class="signed-in">
        <p>
          {t().signedIn} <strong>{session.value?.username}</strong>
        </p>
        <button type="button" class="button button-quiet" onClick={() => void signOut()}>
          <Icon name="leave" />
          <span>{t().signOut}</span>
        </button>
      </div>
    </nav>
  )
}

/** The pages of a place that this person can open. */
export function visible(place: PageEntry["place"]): PageEntry[] {
  return PAGES.filter((entry) => entry.place === place && (entry.needs === undefined || may(...entry.needs)))
}

function Item({ entry, wideOnly = false }: { readonly entry: PageEntry; readonly wideOnly?: boolean }) {
  return (
    <li class={wideOnly ? "wide-only" : ""}>
      <a href={href(entry.path)} aria-current={isHere(entry) ? "page" : undefined}>
        {entry.icon && <Icon name={entry.icon} />}
        <span>{inLanguage(entry.label)}</span>
      </a>
    </li>
  )
}

/** A page below another, such as one device, is in its list's place. */
function isHere(entry: PageEntry): boolean {
  if (match(entry.path, path.value) !== undefined) return true
  const current = path.value.split("?")[0] ?? ""
  const nearest = PAGES.filter((page) => page.place && page.path !== "/" && current.startsWith(`${page.path}/`))
  return nearest.length > 0 && nearest.every((page) => page.path.length <= entry.path.length) && nearest.includes(entry)
}

function Mark() {
  const id = useId()
  return (
    <svg class="mark" viewBox="0 0 32 32" aria-hidden="true" id={id}>
      <rect width="32" height="32" rx="7" />
      <path d="M7 25V13.500a9 9 0 0 1 18 0V25M16 25v-9" />
      <circle cx="20.2" cy="18.6" r="1.5" />
    </svg>
  )
}
