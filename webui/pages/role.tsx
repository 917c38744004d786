import { useState } from "preact/hooks"
import type { previewAnswer, roleAnswer } from "../../service/http/contract.ts"
import { useAction } from "../action.ts"
import { getTagged, send } from "../api.ts"
import { confirmed } from "../confirmation.tsx"
import { announce } from "../parts/announce.tsx"
import { Button } from "../parts/button.tsx"
import { Card } from "../parts/card.tsx"
import { TextField } from "../parts/field.tsx"
import { Loaded } from "../parts/loaded.tsx"
import { Refusal } from "../parts/notice.tsx"
import { PageHead } from "../parts/page-head.tsx"
import { Effects } from "../people/effects.tsx"
import { inWords, type Permission, Permissions } from "../people/permissions.tsx"
import { roleMeaning } from "../people/roles.ts"
import type { PageProps } from "../registry.ts"
import { useResource } from "../resource.ts"
import { go, href } from "../router.ts"
import { session } from "../session.ts"
import { words } from "../words.ts"

const t = words({
  en: {
    back: "Roles",
    newTitle: "Add a role",
    name: "Name of the role",
    lifetime: "Days a device's certificate lives",
    lifetimeHint: "Empty for the gateway's usual time. Certificates that are out already keep theirs.",
    fixed: "This role is built in and cannot be changed. Make one of your own to differ from it.",
    preview: "What would this do?",
    save: "Save",
    saved: "Saved.",
    remove: "Remove this role",
    removeHint: "Only possible once nobody has it any more.",
  },
  de: {
    back: "Rollen",
    newTitle: "Rolle hinzufügen",
    name: "Name der Rolle",
    lifetime: "Lebensdauer von Gerätezertifikaten in Tagen",
    lifetimeHint: "Leer für die übliche Dauer des Gateways. Bereits ausgestellte Zertifikate behalten ihre.",
    fixed: "Diese Rolle ist eingebaut und lässt sich nicht ändern. Für Abweichungen bitte eine eigene anlegen.",
    preview: "Was würde das bewirken?",
    save: "Speichern",
    saved: "Gespeichert.",
    remove: "Diese Rolle entfernen",
    removeHint: "Nur möglich, wenn niemand sie mehr hat.",
  },
})

type Role = (typeof roleAnswer)["_output"]

/** One role; without a name in the address, one that is about to be made. */
export function Page({ params }: PageProps) {
  const back = { href: href("/roles"), label: t().back }
  if (params.name === undefined) {
    return (
      <>
        <PageHead title={t().newTitle} back={back} />
        <Edited known={undefined} etag={undefined} reload={async () => {}} />
      </>
    )
  }
  return <Existing name={params.name} back={back} />
}

function Existing({ name, back }: { readonly name: string; readonly back: { href: string; label: string } }) {
  const path = `/roles/${encodeURIComponent(name)}`
  const role = useResource((options) => getTagged<typeof roleAnswer>(path, options), [], [path])
  return (
    <>
      <PageHead title={name} lead={roleMeaning(name)} back={back} />
      <Loaded resource={role}>
        {({ body, etag }) =>
          body.builtIn || !session.value?.administrator ? (
            <Card>
              {body.builtIn && <p class="muted">{t().fixed}</p>}
              <ul>
                {body.permissions.map((permission) => (
                  <li key={JSON.stringify(permission)} class="code">
                    {inWords(permission)}
                  </li>
                ))}
              </ul>
            </Card>
          ) : (
            <>
              <Edited key={etag} known={body} etag={etag} reload={role.reload} />
              <Removal path={path} />
            </>
          )
        }
      </Loaded>
    </>
  )
}

interface EditedProps {
  /** Undefined for one that is about to be made. */
  readonly known: Role | undefined
  readonly etag: string | undefined
  readonly reload: () => Promise<void>
}

function Edited({ known, etag, reload }: EditedProps) {
  const [name, setName] = useState(known?.name ?? "")
  const [permissions, setPermissions] = useState<readonly Permission[]>(known?.permissions ?? [])
  const [days, setDays] = useState(String(known?.certificateLifetimeDays ?? ""))
  const [preview, setPreview] = useState<(typeof previewAnswer)["_output"]>()
  const path = `/roles/${encodeURIComponent(name)}`
  const lifetime = days === "" ? {} : { certificateLifetimeDays: days === "never" ? days : Number(days) }
  const body = { permissions, ...lifetime }
  const looking = useAction(async () => setPreview(await send<typeof previewAnswer>("POST", `${path}/preview`, body)))
  const saving = useAction(async () => {
    await confirmed(() => send("PUT", path, body, etag === undefined ? {} : { ifMatch: etag }))
    announce(t().saved)
    if (known === undefined) go("/roles")
    else await reload()
  })
  const refused = saving.refused.value ?? looking.refused.value
  return (
    <Card>
      <form
        onSubmit={(event) => {
          event.preventDefault()
          void saving.run()
        }}
      >
        {known === undefined && (
          <TextField
            label={t().name}
            value={name}
            onInput={setName}
            error={refused?.places.get("role")}
            input={{ required: true, maxLength: 64, autocomplete: "off" }}
          />
        )}
        <Permissions value={permissions} onChange={setPermissions} errors={refused?.places} />
        <TextField
          label={t().lifetime}
          hint={t().lifetimeHint}
          value={days}
          onInput={setDays}
          error={refused?.places.get("certificateLifetimeDays")}
          input={{ inputMode: "numeric", maxLength: 5 }}
        />
        <Refusal of={refused} />
        {preview && <Effects preview={preview} />}
        <div class="actions">
          <Button type="submit" kind="primary" busy={saving.busy.value}>
            {t().save}
          </Button>
          <Button busy={looking.busy.value} onClick={() => void looking.run()}>
            {t().preview}
          </Button>
        </div>
      </form>
    </Card>
  )
}

function Removal({ path }: { readonly path: string }) {
  const removing = useAction(async () => {
    await confirmed(() => send("DELETE", path))
    go("/roles")
  })
  return (
    <Card title={t().remove} kind="danger">
      <p class="muted">{t().removeHint}</p>
      <Refusal of={removing.refused.value} />
      <div class="actions">
        <Button kind="danger" busy={removing.busy.value} onClick={() => void removing.run()}>
          {t().remove}
        </Button>
      </div>
    </Card>
  )
}
