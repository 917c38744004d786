import type { sessionsAnswer } from "../../service/http/contract-passes.ts"
import { useAction } from "../action.ts"
import { send } from "../api.ts"
import { age } from "../format.ts"
import { Button } from "../parts/button.tsx"
import { Card } from "../parts/card.tsx"
import { Loaded } from "../parts/loaded.tsx"
import { Refusal } from "../parts/notice.tsx"
import { Badge } from "../parts/state.tsx"
import type { Resource } from "../resource.ts"
import { session } from "../session.ts"
import { words } from "../words.ts"

const t = words({
  en: {
    title: "Sessions",
    lead: "Where you are signed in. One that you do not know: end it and change your password.",
    leadAll: "Where you and others are signed in.",
    current: "this one",
    used: (when: string) => `last used ${when}`,
    end: "End",
    endOf: (name: string, address: string) => `End the session of ${name} at ${address}`,
  },
  de: {
    title: "Sitzungen",
    lead: "Wo Sie angemeldet sind. Eine, die Sie nicht kennen: bitte beenden und das Kennwort ändern.",
    leadAll: "Wo Sie und andere angemeldet sind.",
    current: "diese hier",
    used: (when: string) => `zuletzt benutzt ${when}`,
    end: "Beenden",
    endOf: (name: string, address: string) => `Sitzung von ${name} an ${address} beenden`,
  },
})

export function Sessions({ sessions }: { readonly sessions: Resource<(typeof sessionsAnswer)["_output"]> }) {
  const ending = useAction(async (id: string) => {
    await send("DELETE", `/sessions/${id}`)
    await sessions.reload()
  })
  return (
    <Card title={t().title}>
      <p class="muted">{session.value?.administrator ? t().leadAll : t().lead}</p>
      <Refusal of={ending.refused.value} />
      <Loaded resource={sessions}>
        {({ sessions: all }) => (
          <ul class="rows">
            {all.map(({ id, username, address, current, lastUsedAt, createdAt }) => (
              <li key={id} class="row">
                <span class="row-main">
                  <span class="row-name">
                    {username}, {address}
                  </span>
                  <span class="row-more">{t().used(age(lastUsedAt ?? createdAt))}</span>
                </span>
                {current ? (
                  <Badge level="ok">{t().current}</Badge>
                ) : (
                  <Button onClick={() => void ending.run(id)}>
                    <span aria-hidden="true">{t().end}</span>
                    <span class="unseen">{t().endOf(username, address)}</span>
                  </Button>
                )}
              </li>
            ))}
          </ul>
        )}
      </Loaded>
    </Card>
  )
}
