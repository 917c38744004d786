import type { oneTimePasswordAnswer } from "../../service/http/contract-passes.ts"
import { moment } from "../format.ts"
import { Card, Fact, Facts } from "../parts/card.tsx"
import { words } from "../words.ts"

export type OneTime = (typeof oneTimePasswordAnswer)["_output"]

const t = words({
  en: {
    title: (name: string) => `Give this to ${name}`,
    how: "They open the address, choose “I was given a one-time password”, and set a password that only they know. Say or write it to them; do not send it by e-mail.",
    address: "Address",
    name: "Name",
    password: "One-time password, shown only now",
    until: "Good until",
  },
  de: {
    title: (name: string) => `An ${name} weitergeben`,
    how: "Die Person öffnet die Adresse, wählt „Ich habe ein Einmalkennwort bekommen“ und setzt ein Kennwort, das nur sie kennt. Sagen oder schreiben Sie es ihr auf, nicht per E-Mail.",
    address: "Adresse",
    name: "Name",
    password: "Einmalkennwort, nur jetzt zu sehen",
    until: "Gültig bis",
  },
})

/** What is handed over: where to go, who one is there, and what is good for once. */
export function OneTimeCard({ username, given }: { readonly username: string; readonly given: OneTime }) {
  return (
    <Card title={t().title(username)}>
      <p>{t().how}</p>
      <Facts>
        <Fact name={t().address}>
          <span class="code">{location.origin}/login</span>
        </Fact>
        <Fact name={t().name}>{username}</Fact>
        <Fact name={t().password}>
          <p class="secret">{given.oneTimePassword}</p>
        </Fact>
        <Fact name={t().until}>{moment(given.expiresAt)}</Fact>
      </Facts>
    </Card>
  )
}
