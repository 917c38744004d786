import { LinkButton } from "../parts/button.tsx"
import { Icon } from "../parts/icon.tsx"
import { Loaded } from "../parts/loaded.tsx"
import { PageHead } from "../parts/page-head.tsx"
import { Explain } from "../people/explain.tsx"
import { inWords } from "../people/permissions.tsx"
import { roleMeaning, useRoles } from "../people/roles.ts"
import { href } from "../router.ts"
import { may, session } from "../session.ts"
import { words } from "../words.ts"

const t = words({
  en: {
    title: "Roles",
    lead: "A role is a list of permissions with a name. What somebody may do is the sum of their roles and their own permissions; nothing else is allowed.",
    add: "Add a role",
    builtIn: "built in",
    count: (count: number) => (count === 1 ? "one permission" : `${count} permissions`),
  },
  de: {
    title: "Rollen",
    lead: "Eine Rolle ist eine Liste von Berechtigungen mit einem Namen. Erlaubt ist die Summe aller Rollen und eigenen Berechtigungen, sonst nichts.",
    add: "Rolle hinzufügen",
    builtIn: "eingebaut",
    count: (count: number) => (count === 1 ? "eine Berechtigung" : `${count} Berechtigungen`),
  },
})

export function Page() {
  const roles = useRoles()
  const adds = session.value?.administrator && (
    <LinkButton kind="primary" icon="add" href={href("/add-role")}>
      {t().add}
    </LinkButton>
  )
  return (
    <>
      <PageHead title={t().title} lead={t().lead} actions={adds} />
      <Loaded resource={roles}>
        {({ roles: all }) => (
          <ul class="rows">
            {all.map(({ name, builtIn, permissions }) => (
              <li key={name}>
                <a class="row" href={href("/roles/:name", { name })}>
                  <span class="row-main">
                    <span class="row-name">
                      {name}
                      {builtIn && ` (${t().builtIn})`}
                    </span>
                    <span class="row-more">
                      {roleMeaning(name) ??
                        (permissions.length <= 2 ? permissions.map(inWords).join("; ") : t().count(permissions.length))}
                    </span>
                  </span>
                  <Icon name="next" />
                </a>
              </li>
            ))}
          </ul>
        )}
      </Loaded>
      {may("read", "/explain") && <Explain />}
    </>
  )
}
