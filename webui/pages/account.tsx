import type { sessionsAnswer, tokensAnswer } from "../../service/http/contract-passes.ts"
import { LookCard } from "../account/look.tsx"
import { Password } from "../account/password.tsx"
import { Sessions } from "../account/sessions.tsx"
import { Tokens } from "../account/tokens.tsx"
import { get } from "../api.ts"
import { Button } from "../parts/button.tsx"
import { PageHead } from "../parts/page-head.tsx"
import { useResource } from "../resource.ts"
import { session, signOut } from "../session.ts"
import { words } from "../words.ts"

const t = words({
  en: { title: "Account", lead: (name: string) => `You are signed in as ${name}.`, out: "Sign out" },
  de: { title: "Konto", lead: (name: string) => `Sie sind angemeldet als ${name}.`, out: "Abmelden" },
})

export function Page() {
  const sessions = useResource((options) => get<typeof sessionsAnswer>("/sessions", options))
  const tokens = useResource((options) => get<typeof tokensAnswer>("/tokens", options))
  const reload = () => void Promise.all([sessions.reload(), tokens.reload()])
  return (
    <>
      <PageHead
        title={t().title}
        lead={t().lead(session.value?.username ?? "")}
        actions={
          <Button icon="leave" onClick={() => void signOut()}>
            {t().out}
          </Button>
        }
      />
      <LookCard />
      <Password onChanged={reload} />
      <Sessions sessions={sessions} />
      <Tokens tokens={tokens} />
    </>
  )
}
