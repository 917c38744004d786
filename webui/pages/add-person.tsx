import { useState } from "preact/hooks"
import type { userAnswer } from "../../service/http/contract.ts"
import type { oneTimePasswordAnswer } from "../../service/http/contract-passes.ts"
import { useAction } from "../action.ts"
import { send } from "../api.ts"
import { confirmed } from "../confirmation.tsx"
import { Button, LinkButton } from "../parts/button.tsx"
import { Choice, TextField } from "../parts/field.tsx"
import { Loaded } from "../parts/loaded.tsx"
import { Refusal } from "../parts/notice.tsx"
import { PageHead } from "../parts/page-head.tsx"
import { type OneTime, OneTimeCard } from "../people/one-time.tsx"
import { roleMeaning, useRoles } from "../people/roles.ts"
import { href } from "../router.ts"
import { words } from "../words.ts"

const t = words({
  en: {
    title: "Add a person",
    lead: "You get a one-time password for them. With it they choose their own, which you never see.",
    back: "People",
    name: "Name",
    nameHint: "Letters, digits and . _ : @ -",
    role: "Role",
    note: "Note",
    noteHint: "For you and others, such as the company or a telephone number. May stay empty.",
    add: "Add",
    done: "Done",
  },
  de: {
    title: "Person hinzufügen",
    lead: "Sie erhalten ein Einmalkennwort für die Person. Damit wählt sie ihr eigenes, das Sie nie sehen.",
    back: "Personen",
    name: "Name",
    nameHint: "Buchstaben (ohne Umlaute), Ziffern und . _ : @ -",
    role: "Rolle",
    note: "Notiz",
    noteHint: "Für Sie und andere, zum Beispiel die Firma oder eine Telefonnummer. Darf leer bleiben.",
    add: "Hinzufügen",
    done: "Fertig",
  },
})

export function Page() {
  const [username, setUsername] = useState("")
  const [role, setRole] = useState("technician")
  const [note, setNote] = useState("")
  const [given, setGiven] = useState<OneTime>()
  const roles = useRoles()
  const { run, busy, refused } = useAction(async () => {
    const person = { username, roles: [role], grant: { kind: "password", password: nobodysPassword() } }
    const body = note === "" ? person : { ...person, note }
    await confirmed(() => send<typeof userAnswer>("POST", "/users", body))
    const path = `/users/${encodeURIComponent(username)}/one-time-password`
    setGiven(await confirmed(() => send<typeof oneTimePasswordAnswer>("POST", path)))
  })
  const back = { href: href("/people"), label: t().back }
  if (given !== undefined) {
    return (
      <>
        <PageHead title={t().title} back={back} />
        <OneTimeCard username={username} given={given} />
        <div class="actions">
          <LinkButton href={href("/people")} kind="primary">
            {t().done}
          </LinkButton>
        </div>
      </>
    )
  }
  const places = refused.value?.places
  return (
    <>
      <PageHead title={t().title} lead={t().lead} back={back} />
      <form
        onSubmit={(event) => {
          event.preventDefault()
          void run()
        }}
      >
        <Refusal of={refused.value} />
        <TextField
          label={t().name}
          hint={t().nameHint}
          value={username}
          onInput={setUsername}
          error={places?.get("username")}
          input={{ required: true, maxLength: 64, autocomplete: "off" }}
        />
        <Loaded resource={roles}>
          {({ roles: all }) => (
            <Choice
              legend={t().role}
              value={role}
              onChange={setRole}
              options={all
                .filter(({ permissions }) => permissions.some(({ context }) => context === "http"))
                .map(({ name }) => ({ value: name, label: roleMeaning(name) ?? name }))}
            />
          )}
        </Loaded>
        <TextField label={t().note} hint={t().noteHint} value={note} onInput={setNote} input={{ maxLength: 1000 }} />
        <div class="actions">
          <Button type="submit" kind="primary" busy={busy.value}>
            {t().add}
          </Button>
        </div>
      </form>
    </>
  )
}

/** Until the one-time password takes its place, the account has one that nobody knows. */
function nobodysPassword(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(32)), (byte) => byte.toString(36)).join("-")
}
