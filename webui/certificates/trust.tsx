import { useState } from "preact/hooks"
import type { trustAnswer } from "../../service/http/contract-certificates.ts"
import { useAction } from "../action.ts"
import { get, send } from "../api.ts"
import { confirmed } from "../confirmation.tsx"
import { date } from "../format.ts"
import { announce } from "../parts/announce.tsx"
import { Button } from "../parts/button.tsx"
import { Card } from "../parts/card.tsx"
import { Dialog } from "../parts/dialog.tsx"
import { TextArea, TextField } from "../parts/field.tsx"
import { Loaded } from "../parts/loaded.tsx"
import { Refusal } from "../parts/notice.tsx"
import { useResource } from "../resource.ts"
import { session } from "../session.ts"
import { words } from "../words.ts"
import { Remaining } from "./own.tsx"

type Trusted = (typeof trustAnswer)["_output"]["authorities"][number]

const t = words({
  en: {
    title: "Outside authorities",
    lead: "Devices whose certificate comes from elsewhere, such as the maker's or the plant's own authority. Each may only speak for the names in its scope.",
    none: "None: only certificates of this gateway are taken.",
    scope: "may speak for",
    until: (when: string) => `good until ${when}`,
    remove: (name: string) => `Trust ${name} no longer`,
    removeShort: "Remove",
    removeWhy: "Its devices are disconnected at once, and cannot come back with their certificates.",
    yes: "Trust it no longer",
    no: "Cancel",
    add: "Trust another authority",
    file: "Certificate file (PEM)",
    certificate: "or paste it here",
    certificateHint: "Begins with -----BEGIN CERTIFICATE-----. A bundle of several is taken as a whole or not at all.",
    name: "Name",
    nameHint: "For you; may stay empty.",
    scopeLabel: "May speak for these usernames",
    scopeHint: "* stands for any rest: plant7-* is every name that begins with plant7-",
    trust: "Trust it",
    trusted: "It is trusted from now on.",
  },
  de: {
    title: "Fremde Zertifizierungsstellen",
    lead: "Für Geräte, deren Zertifikat von woanders kommt, etwa vom Hersteller oder der eigenen Stelle des Werks. Jede darf nur für die Namen in ihrem Bereich sprechen.",
    none: "Keine: Nur Zertifikate dieses Gateways werden angenommen.",
    scope: "darf sprechen für",
    until: (when: string) => `gültig bis ${when}`,
    remove: (name: string) => `${name} nicht mehr vertrauen`,
    removeShort: "Entfernen",
    removeWhy: "Ihre Geräte werden sofort getrennt und können mit ihren Zertifikaten nicht wiederkommen.",
    yes: "Nicht mehr vertrauen",
    no: "Abbrechen",
    add: "Einer weiteren Stelle vertrauen",
    file: "Zertifikatsdatei (PEM)",
    certificate: "oder hier einfügen",
    certificateHint:
      "Beginnt mit -----BEGIN CERTIFICATE-----. Ein Bündel aus mehreren wird ganz oder gar nicht angenommen.",
    name: "Name",
    nameHint: "Für Sie; darf leer bleiben.",
    scopeLabel: "Darf für diese Benutzernamen sprechen",
    scopeHint: "* steht für einen beliebigen Rest: plant7-* ist jeder Name, der mit plant7- beginnt",
    trust: "Vertrauen",
    trusted: "Ihr wird ab jetzt vertraut.",
  },
})

export function TrustBundle() {
  const trust = useResource((options) => get<typeof trustAnswer>("/authorities", options))
  const [removed, setRemoved] = useState<Trusted>()
  const removing = useAction(async ({ id }: Trusted) => {
    setRemoved(undefined)
    await confirmed(() => send("DELETE", `/authorities/${encodeURIComponent(id)}`))
    await trust.reload()
  })
  return (
    <Card title={t().title}>
      <p class="muted">{t().lead}</p>
      <Refusal of={removing.refused.value} />
      <Loaded resource={trust}>
        {({ authorities }) => (
          <>
            {authorities.length === 0 && <p>{t().none}</p>}
            {authorities.length > 0 && (
              <ul class="rows">
                {authorities.map((one) => (
                  <li key={one.id} class="row">
                    <span class="row-main">
                      <span class="row-name">{one.name}</span>
                      <span class="row-more">
                        <Remaining notAfter={one.notAfter} /> {one.subject}, {t().scope} <code>{one.scope}</code>,{" "}
                        {t().until(date(one.notAfter))}
                      </span>
                    </span>
                    {session.value?.administrator && (
                      <Button kind="danger" onClick={() => setRemoved(one)}>
                        <span aria-hidden="true">{t().removeShort}</span>
                        <span class="unseen">{t().remove(one.name)}</span>
                      </Button>
                    )}
                  </li>
                ))}
              </ul>
            )}
          </>
        )}
      </Loaded>
      {removed && (
        <Dialog title={t().remove(removed.name)} onClose={() => setRemoved(undefined)}>
          <p>{t().removeWhy}</p>
          <div class="actions">
            <Button kind="danger" onClick={() => void removing.run(removed)}>
              {t().yes}
            </Button>
            <Button onClick={() => setRemoved(undefined)}>{t().no}</Button>
          </div>
        </Dialog>
      )}
      {session.value?.administrator && <Adding onAdded={() => trust.reload()} />}
    </Card>
  )
}

function Adding({ onAdded }: { readonly onAdded: () => Promise<void> }) {
  const [certificate, setCertificate] = useState("")
  const [name, setName] = useState("")
  const [scope, setScope] = useState("")
  const adding = useAction(async () => {
    const body = name === "" ? { certificate, scope } : { certificate, scope, name }
    await confirmed(() => send<typeof trustAnswer>("POST", "/authorities", body))
    setCertificate("")
    setName("")
    setScope("")
    announce(t().trusted)
    await onAdded()
  })
  const refused = adding.refused.value
  return (
    <details>
      <summary>{t().add}</summary>
      <form
        onSubmit={(event) => {
          event.preventDefault()
          void adding.run()
        }}
      >
        <div class="field">
          <label for="trust-file">{t().file}</label>
          <input
            id="trust-file"
            type="file"
            accept=".pem,.crt,.cer"
            onChange={({ currentTarget }) => void currentTarget.files?.[0]?.text().then(setCertificate)}
          />
        </div>
        <TextArea
          label={t().certificate}
          hint={t().certificateHint}
          value={certificate}
          onInput={setCertificate}
          error={refused?.places.get("certificate")}
          code
        />
        <TextField
          label={t().scopeLabel}
          hint={t().scopeHint}
          value={scope}
          onInput={setScope}
          error={refused?.places.get("scope")}
          input={{ required: true, autocomplete: "off" }}
        />
        <TextField
          label={t().name}
          hint={t().nameHint}
          value={name}
          onInput={setName}
          error={refused?.places.get("name")}
          input={{ maxLength: 90, autocomplete: "off" }}
        />
        <Refusal of={refused} />
        <div class="actions">
          <Button type="submit" kind="primary" busy={adding.busy.value}>
            {t().trust}
          </Button>
        </div>
      </form>
    </details>
  )
}
