import type { auditAnswer } from "../../service/http/contract-system.ts"
import { get } from "../api.ts"
import { moment } from "../format.ts"
import { Loaded } from "../parts/loaded.tsx"
import { useResource } from "../resource.ts"
import { words } from "../words.ts"

type Entry = (typeof auditAnswer)["_output"]["entries"][number]

const t = words({
  en: {
    lead: "Every change, by the page, the API or the command line: who, when, what. Passwords and keys are never in it.",
    none: "Nobody has changed anything yet.",
    from: (address: string) => `from ${address}`,
    signedIn: "signed in",
    signedOut: "signed out",
    made: (what: string) => `made ${what}`,
    changed: (what: string) => `changed ${what}`,
    removed: (what: string) => `removed ${what}`,
    did: (what: string) => what,
  },
  de: {
    lead: "Jede Änderung über Seite, API oder Kommandozeile: wer, wann, was. Kennwörter und Schlüssel stehen nie darin.",
    none: "Noch hat niemand etwas geändert.",
    from: (address: string) => `von ${address}`,
    signedIn: "hat sich angemeldet",
    signedOut: "hat sich abgemeldet",
    made: (what: string) => `hat ${what} angelegt`,
    changed: (what: string) => `hat ${what} geändert`,
    removed: (what: string) => `hat ${what} entfernt`,
    did: (what: string) => what,
  },
})

export function Changes() {
  const changes = useResource(
    (options) => get<typeof auditAnswer>("/audit?limit=200", options),
    ["users-changed", "roles-changed", "certificate-issued", "certificate-revoked"],
  )
  return (
    <>
      <p class="muted">{t().lead}</p>
      <Loaded resource={changes}>
        {({ entries }) =>
          entries.length === 0 ? (
            <p class="muted">{t().none}</p>
          ) : (
            <ul class="rows">
              {entries.map((entry) => (
                <li key={entry.number} class="log-line">
                  <p class="log-head">
                    <strong>{entry.actor}</strong>
                    <span>{inWords(entry)}</span>
                    <span class="muted small numbers">
                      {moment(entry.at)}
                      {entry.address !== "" && `, ${t().from(entry.address)}`}
                    </span>
                  </p>
                  {entry.change !== "" && <code class="muted">{entry.change}</code>}
                </li>
              ))}
            </ul>
          )
        }
      </Loaded>
    </>
  )
}

function inWords({ method, route, object, status }: Entry): string {
  if (method === "POST" && (route === "/session" || route === "/login" || route === "/tokens")) return t().signedIn
  if (method === "DELETE" && (route === "/session" || route === "/tokens/current")) return t().signedOut
  if (method === "DELETE") return t().removed(object)
  if (method === "POST" && status === 201) return t().made(object)
  if (method === "PUT" || method === "PATCH") return t().changed(object)
  return t().did(`${method} ${object}`)
}
