import { useState } from "preact/hooks"
import type { previewAnswer, userAnswer } from "../../service/http/contract.ts"
import type { oneTimePasswordAnswer } from "../../service/http/contract-passes.ts"
import { useAction } from "../action.ts"
import { getTagged, send } from "../api.ts"
import { confirmed } from "../confirmation.tsx"
import { announce } from "../parts/announce.tsx"
import { Button } from "../parts/button.tsx"
import { Card } from "../parts/card.tsx"
import { Dialog } from "../parts/dialog.tsx"
import { Check, TextField } from "../parts/field.tsx"
import { Loaded } from "../parts/loaded.tsx"
import { Notice, Refusal } from "../parts/notice.tsx"
import { PageHead } from "../parts/page-head.tsx"
import { Effects } from "../people/effects.tsx"
import { type OneTime, OneTimeCard } from "../people/one-time.tsx"
import { Permissions } from "../people/permissions.tsx"
import { roleMeaning, useRoles } from "../people/roles.ts"
import type { PageProps } from "../registry.ts"
import { useResource } from "../resource.ts"
import { go, href } from "../router.ts"
import { may, session } from "../session.ts"
import { words } from "../words.ts"

const t = words({
  en: {
    back: "People",
    roles: "Roles",
    note: "Note",
    enabled: "May sign in",
    enabledHint: "Without this, sessions and tokens end at once; the account and its permissions stay.",
    preview: "What would this do?",
    save: "Save",
    saved: "Saved.",
    once: "Password",
    onceHint: "For someone who forgot theirs. Their password, their sessions and their tokens end at once.",
    waiting: "Has a one-time password and has not chosen one yet.",
    give: "Give a one-time password",
    remove: "Remove this account",
    removeHint: "It is gone at once and for good. In the record of changes its name stays.",
    sure: (name: string) => `Remove ${name}?`,
    yes: "Remove",
    no: "Cancel",
    own: "This is your own account. Password, sessions and tokens are under “Account”.",
    rights: "What this account may do",
  },
  de: {
    back: "Personen",
    roles: "Rollen",
    note: "Notiz",
    enabled: "Darf sich anmelden",
    enabledHint: "Ohne dies enden Sitzungen und Token sofort; das Konto und seine Berechtigungen bleiben.",
    preview: "Was würde das bewirken?",
    save: "Speichern",
    saved: "Gespeichert.",
    once: "Kennwort",
    onceHint: "Für jemanden, der seines vergessen hat. Kennwort, Sitzungen und Token der Person enden sofort.",
    waiting: "Hat ein Einmalkennwort und noch kein eigenes gewählt.",
    give: "Einmalkennwort geben",
    remove: "Dieses Konto entfernen",
    removeHint: "Es ist sofort und endgültig weg. Im Änderungsprotokoll bleibt der Name stehen.",
    sure: (name: string) => `${name} entfernen?`,
    yes: "Entfernen",
    no: "Abbrechen",
    own: "Das ist Ihr eigenes Konto. Kennwort, Sitzungen und Token stehen unter „Konto“.",
    rights: "Was dieses Konto darf",
  },
})

type User = (typeof userAnswer)["_output"]

export function Page({ params }: PageProps) {
  const name = params.name ?? ""
  const path = `/users/${encodeURIComponent(name)}`
  const user = useResource((options) => getTagged<typeof userAnswer>(path, options), [], [path])
  const isOwn = name === session.value?.username
  const mayChange = may("write", path) && session.value?.administrator === true
  return (
    <>
      <PageHead title={name} back={{ href: href("/people"), label: t().back }} />
      {isOwn && (
        <Notice kind="info">
          <p>{t().own}</p>
        </Notice>
      )}
      <Loaded resource={user}>
        {({ body, etag }) => (
          <>
            <Rights key={etag} path={path} user={body} etag={etag} reload={user.reload} mayChange={mayChange} />
            {mayChange && !isOwn && <OneTimePassword path={path} user={body} reload={user.reload} />}
            {mayChange && !isOwn && <Removal path={path} name={name} />}
          </>
        )}
      </Loaded>
    </>
  )
}

interface RightsProps {
  readonly path: string
  readonly user: User
  readonly etag: string | undefined
  readonly reload: () => Promise<void>
  readonly mayChange: boolean
}

function Rights({ path, user, etag, reload, mayChange }: RightsProps) {
  const [roles, setRoles] = useState(user.roles)
  const [permissions, setPermissions] = useState<User["permissions"]>(user.permissions)
  const [enabled, setEnabled] = useState(user.enabled)
  const [note, setNote] = useState(user.note ?? "")
  const [preview, setPreview] = useState<(typeof previewAnswer)["_output"]>()
  const all = useRoles()
  const change = { roles, permissions, enabled, note: note === "" ? null : note }
  const looking = useAction(async () => setPreview(await send<typeof previewAnswer>("POST", `${path}/preview`, change)))
  const saving = useAction(async () => {
    await confirmed(() => send<typeof userAnswer>("PATCH", path, change, { ifMatch: etag }))
    announce(t().saved)
    await reload()
  })
  const refused = saving.refused.value ?? looking.refused.value
  return (
    <Card title={t().rights}>
      <form
        onSubmit={(event) => {
          event.preventDefault()
          void saving.run()
        }}
      >
        <fieldset class="group" disabled={!mayChange}>
          <legend>{t().roles}</legend>
          <Loaded resource={all}>
            {({ roles: known }) =>
              known.map(({ name }) => (
                <Check
                  key={name}
                  label={roleMeaning(name) ?? name}
                  checked={roles.includes(name)}
                  onChange={(on) => setRoles(on ? [...roles, name] : roles.filter((one) => one !== name))}
                />
              ))
            }
          </Loaded>
        </fieldset>
        <fieldset class="group" disabled={!mayChange}>
          <Permissions value={permissions} onChange={(value) => setPermissions([...value])} errors={refused?.places} />
        </fieldset>
        <fieldset class="group" disabled={!mayChange}>
          <Check label={t().enabled} hint={t().enabledHint} checked={enabled} onChange={setEnabled} />
          <TextField label={t().note} value={note} onInput={setNote} input={{ maxLength: 1000 }} />
        </fieldset>
        <Refusal of={refused} />
        {preview && <Effects preview={preview} />}
        {mayChange && (
          <div class="actions">
            <Button type="submit" kind="primary" busy={saving.busy.value}>
              {t().save}
            </Button>
            <Button busy={looking.busy.value} onClick={() => void looking.run()}>
              {t().preview}
            </Button>
          </div>
        )}
      </form>
    </Card>
  )
}

interface OneTimeProps {
  readonly path: string
  readonly user: User
  readonly reload: () => Promise<void>
}

function OneTimePassword({ path, user, reload }: OneTimeProps) {
  const [given, setGiven] = useState<OneTime>()
  const giving = useAction(async () => {
    setGiven(await confirmed(() => send<typeof oneTimePasswordAnswer>("POST", `${path}/one-time-password`)))
    await reload()
  })
  if (given !== undefined) return <OneTimeCard username={user.username} given={given} />
  if (user.grant.kind !== "password") return null
  return (
    <Card title={t().once}>
      {user.grant.oneTimeUntil !== undefined && <p>{t().waiting}</p>}
      <p class="muted">{t().onceHint}</p>
      <Refusal of={giving.refused.value} />
      <div class="actions">
        <Button icon="key" busy={giving.busy.value} onClick={() => void giving.run()}>
          {t().give}
        </Button>
      </div>
    </Card>
  )
}

function Removal({ path, name }: { readonly path: string; readonly name: string }) {
  const [asked, setAsked] = useState(false)
  const removing = useAction(async () => {
    setAsked(false)
    await confirmed(() => send("DELETE", path))
    go("/people")
  })
  return (
    <Card title={t().remove} kind="danger">
      <p class="muted">{t().removeHint}</p>
      <Refusal of={removing.refused.value} />
      <div class="actions">
        <Button kind="danger" busy={removing.busy.value} onClick={() => setAsked(true)}>
          {t().remove}
        </Button>
      </div>
      {asked && (
        <Dialog title={t().sure(name)} onClose={() => setAsked(false)}>
          <p>{t().removeHint}</p>
          <div class="actions">
            <Button kind="danger" onClick={() => void removing.run()}>
              {t().yes}
            </Button>
            <Button onClick={() => setAsked(false)}>{t().no}</Button>
          </div>
        </Dialog>
      )}
    </Card>
  )
}
