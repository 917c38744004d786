import { useState } from "preact/hooks"
import type { peopleAnswer } from "../../service/http/contract-passes.ts"
import { get } from "../api.ts"
import { LinkButton } from "../parts/button.tsx"
import { Icon } from "../parts/icon.tsx"
import { Loaded } from "../parts/loaded.tsx"
import { PageHead } from "../parts/page-head.tsx"
import { Badge } from "../parts/state.tsx"
import { useResource } from "../resource.ts"
import { href } from "../router.ts"
import { may, session } from "../session.ts"
import { words } from "../words.ts"

const t = words({
  en: {
    title: "People",
    lead: "Who may look after this gateway. Each person has an account of their own, so that you can see who changed what.",
    add: "Add a person",
    search: "Search people",
    you: "you",
    waiting: "has not chosen a password yet",
    disabled: "disabled",
    none: "Nobody is called that.",
    more: "There are more: search for a name.",
  },
  de: {
    title: "Personen",
    lead: "Wer dieses Gateway betreuen darf. Jede Person hat ein eigenes Konto, damit man sieht, wer was geändert hat.",
    add: "Person hinzufügen",
    search: "Personen suchen",
    you: "Sie",
    waiting: "hat noch kein Kennwort gewählt",
    disabled: "gesperrt",
    none: "So heißt niemand.",
    more: "Es gibt weitere: Bitte nach einem Namen suchen.",
  },
})

export function Page() {
  const [search, setSearch] = useState("")
  const query = search.trim() === "" ? "" : `&search=${encodeURIComponent(search.trim())}`
  const people = useResource(
    (options) => get<typeof peopleAnswer>(`/people?limit=200${query}`, options),
    ["users-changed", "roles-changed"],
    [query],
  )
  const adds = may("write", "/users") && session.value?.administrator && (
    <LinkButton kind="primary" icon="add" href={href("/add-person")}>
      {t().add}
    </LinkButton>
  )
  return (
    <>
      <PageHead title={t().title} lead={t().lead} actions={adds} />
      <div class="tools">
        <div class="search">
          <Icon name="search" />
          <input
            type="search"
            aria-label={t().search}
            placeholder={t().search}
            value={search}
            onInput={({ currentTarget }) => setSearch(currentTarget.value)}
          />
        </div>
      </div>
      <Loaded resource={people}>
        {({ people: shown, next }) => (
          <>
            {shown.length === 0 && <p class="muted">{t().none}</p>}
            <ul class="rows">
              {shown.map(({ username, roles, enabled, note, oneTimeUntil }) => (
                <li key={username}>
                  <a class="row" href={href("/people/:name", { name: username })}>
                    <span class="row-main">
                      <span class="row-name">
                        {username}
                        {username === session.value?.username && ` (${t().you})`}
                      </span>
                      <span class="row-more">{[roles.join(", "), note].filter(Boolean).join(" · ")}</span>
                      {!enabled && (
                        <span>
                          <Badge level="off">{t().disabled}</Badge>
                        </span>
                      )}
                      {enabled && oneTimeUntil !== undefined && (
                        <span>
                          <Badge level="unknown">{t().waiting}</Badge>
                        </span>
                      )}
                    </span>
                    <Icon name="next" />
                  </a>
                </li>
              ))}
            </ul>
            {next !== null && <p class="list-end">{t().more}</p>}
          </>
        )}
      </Loaded>
    </>
  )
}
