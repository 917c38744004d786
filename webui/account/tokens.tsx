import { useState } from "preact/hooks"
import type { keptTokenAnswer, tokensAnswer } from "../../service/http/contract-passes.ts"
import { useAction } from "../action.ts"
import { send } from "../api.ts"
import { confirmed } from "../confirmation.tsx"
import { age, date } from "../format.ts"
import { Button } from "../parts/button.tsx"
import { Card } from "../parts/card.tsx"
import { Check, Select, TextField } from "../parts/field.tsx"
import { Loaded } from "../parts/loaded.tsx"
import { Notice, Refusal } from "../parts/notice.tsx"
import type { Resource } from "../resource.ts"
import { words } from "../words.ts"

const t = words({
  en: {
    title: "Tokens for programs",
    lead: "A program that uses the API keeps a token instead of your password. It may do at most what you may, and ends with your password.",
    none: "There are none.",
    unlabelled: "a sign-in by a program",
    until: (when: string) => `until ${when}`,
    used: (when: string) => `last used ${when}`,
    unused: "never used",
    end: "End",
    endOf: (label: string) => `End ${label}`,
    add: "Make a token",
    label: "What for",
    labelHint: "Such as: historian, night backup",
    days: "Good for",
    daysOf: (days: number) => (days === 366 ? "a year" : `${days} days`),
    readOnly: "Reading only",
    readOnlyHint: "It cannot change anything.",
    make: "Make",
    once: "Copy it now: it is shown only this once.",
    token: "Token",
  },
  de: {
    title: "Token für Programme",
    lead: "Ein Programm, das die API benutzt, bekommt ein Token statt Ihres Kennworts. Es darf höchstens, was Sie dürfen, und endet mit Ihrem Kennwort.",
    none: "Es gibt keine.",
    unlabelled: "eine Anmeldung durch ein Programm",
    until: (when: string) => `bis ${when}`,
    used: (when: string) => `zuletzt benutzt ${when}`,
    unused: "nie benutzt",
    end: "Beenden",
    endOf: (label: string) => `${label} beenden`,
    add: "Token anlegen",
    label: "Wofür",
    labelHint: "Zum Beispiel: Datenarchiv, nächtliche Sicherung",
    days: "Gültig für",
    daysOf: (days: number) => (days === 366 ? "ein Jahr" : `${days} Tage`),
    readOnly: "Nur lesen",
    readOnlyHint: "Damit lässt sich nichts ändern.",
    make: "Anlegen",
    once: "Bitte jetzt kopieren: Es wird nur dieses eine Mal angezeigt.",
    token: "Token",
  },
})

export function Tokens({ tokens }: { readonly tokens: Resource<(typeof tokensAnswer)["_output"]> }) {
  const ending = useAction(async (id: string) => {
    await send("DELETE", `/tokens/${id}`)
    await tokens.reload()
  })
  return (
    <Card title={t().title}>
      <p class="muted">{t().lead}</p>
      <Refusal of={ending.refused.value} />
      <Loaded resource={tokens}>
        {({ tokens: all }) => (
          <>
            {all.length === 0 && <p>{t().none}</p>}
            {all.length > 0 && (
              <ul class="rows">
                {all.map(({ id, label = t().unlabelled, username, expiresAt, lastUsedAt, address }) => (
                  <li key={id} class="row">
                    <span class="row-main">
                      <span class="row-name">{label}</span>
                      <span class="row-more">
                        {username}, {t().until(date(expiresAt))},{" "}
                        {lastUsedAt === undefined ? t().unused : `${t().used(age(lastUsedAt))} (${address})`}
                      </span>
                    </span>
                    <Button onClick={() => void ending.run(id)}>
                      <span aria-hidden="true">{t().end}</span>
                      <span class="unseen">{t().endOf(label)}</span>
                    </Button>
                  </li>
                ))}
              </ul>
            )}
          </>
        )}
      </Loaded>
      <Making onMade={() => tokens.reload()} />
    </Card>
  )
}

const DAYS = ["30", "90", "366"] as const

function Making({ onMade }: { readonly onMade: () => Promise<void> }) {
  const [label, setLabel] = useState("")
  const [days, setDays] = useState<(typeof DAYS)[number]>("90")
  const [readOnly, setReadOnly] = useState(true)
  const [token, setToken] = useState("")
  const making = useAction(async () => {
    const body = { label, ttlSeconds: Number(days) * 86_400, readOnly }
    const made = await confirmed(() => send<typeof keptTokenAnswer>("POST", "/account/tokens", body))
    setToken(made.token)
    setLabel("")
    await onMade()
  })
  return (
    <details open={token !== ""}>
      <summary>{t().add}</summary>
      {token !== "" && (
        <Notice kind="ok" urgent>
          <p>{t().once}</p>
          <p class="secret">{token}</p>
        </Notice>
      )}
      <form
        onSubmit={(event) => {
          event.preventDefault()
          void making.run()
        }}
      >
        <TextField
          label={t().label}
          hint={t().labelHint}
          value={label}
          onInput={setLabel}
          error={making.refused.value?.message}
          input={{ required: true, maxLength: 64, autocomplete: "off" }}
        />
        <Select
          label={t().days}
          value={days}
          onChange={setDays}
          options={DAYS.map((one) => ({ value: one, label: t().daysOf(Number(one)) }))}
        />
        <Check label={t().readOnly} hint={t().readOnlyHint} checked={readOnly} onChange={setReadOnly} />
        <div class="actions">
          <Button type="submit" kind="primary" busy={making.busy.value}>
            {t().make}
          </Button>
        </div>
      </form>
    </details>
  )
}
