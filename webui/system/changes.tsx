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
    acts: {
      "POST /login": () => "signed in",
      "POST /session": () => "signed in",
      "POST /tokens": () => "signed in a program",
      "DELETE /session": () => "signed out",
      "DELETE /tokens/current": () => "signed out a program",
      "POST /claim": () => "took the gateway into service",
      "PUT /account/password": () => "changed their own password",
      "POST /account/first-password": () => "chose their first password",
      "POST /first-password": () => "chose their first password",
      "POST /account/tokens": () => "made a token for a program",
      "DELETE /tokens/:id": () => "ended a token",
      "DELETE /sessions/:id": () => "ended a session",
      "POST /users": (name: string) => `added ${name}`,
      "PATCH /users/:username": (name: string) => `changed ${name}`,
      "DELETE /users/:username": (name: string) => `removed ${name}`,
      "POST /users/:username/one-time-password": (name: string) => `gave ${name} a one-time password`,
      "POST /users/:username/certificates": (name: string) => `signed a certificate: ${name}`,
      "POST /certificates/:serial/revoke": (name: string) => `revoked the certificate ${name}`,
      "DELETE /clients/:clientId": (name: string) => `disconnected ${name}`,
      "PUT /roles/:role": (name: string) => `set the role ${name}`,
      "DELETE /roles/:role": (name: string) => `removed the role ${name}`,
      "POST /authorities": () => "trusts another authority",
      "DELETE /authorities/:id": (name: string) => `trusts ${name} no longer`,
      "POST /authority/seal": () => "sealed the root key",
      "POST /restart": () => "restarted the service",
    },
  },
  de: {
    lead: "Jede Änderung über Seite, API oder Kommandozeile: wer, wann, was. Kennwörter und Schlüssel stehen nie darin.",
    none: "Noch hat niemand etwas geändert.",
    from: (address: string) => `von ${address}`,
    acts: {
      "POST /login": () => "hat sich angemeldet",
      "POST /session": () => "hat sich angemeldet",
      "POST /tokens": () => "hat ein Programm angemeldet",
      "DELETE /session": () => "hat sich abgemeldet",
      "DELETE /tokens/current": () => "hat ein Programm abgemeldet",
      "POST /claim": () => "hat das Gateway in Betrieb genommen",
      "PUT /account/password": () => "hat das eigene Kennwort geändert",
      "POST /account/first-password": () => "hat ein erstes Kennwort gewählt",
      "POST /first-password": () => "hat ein erstes Kennwort gewählt",
      "POST /account/tokens": () => "hat ein Token für ein Programm angelegt",
      "DELETE /tokens/:id": () => "hat ein Token beendet",
      "DELETE /sessions/:id": () => "hat eine Sitzung beendet",
      "POST /users": (name: string) => `hat ${name} hinzugefügt`,
      "PATCH /users/:username": (name: string) => `hat ${name} geändert`,
      "DELETE /users/:username": (name: string) => `hat ${name} entfernt`,
      "POST /users/:username/one-time-password": (name: string) => `hat ${name} ein Einmalkennwort gegeben`,
      "POST /users/:username/certificates": (name: string) => `hat ein Zertifikat unterschrieben: ${name}`,
      "POST /certificates/:serial/revoke": (name: string) => `hat das Zertifikat ${name} gesperrt`,
      "DELETE /clients/:clientId": (name: string) => `hat ${name} getrennt`,
      "PUT /roles/:role": (name: string) => `hat die Rolle ${name} gesetzt`,
      "DELETE /roles/:role": (name: string) => `hat die Rolle ${name} entfernt`,
      "POST /authorities": () => "vertraut einer weiteren Zertifizierungsstelle",
      "DELETE /authorities/:id": (name: string) => `vertraut ${name} nicht mehr`,
      "POST /authority/seal": () => "hat den Wurzelschlüssel versiegelt",
      "POST /restart": () => "hat den Dienst neu gestartet",
    },
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
                  {isTelling(entry) && <code class="muted">{entry.change}</code>}
                </li>
              ))}
            </ul>
          )
        }
      </Loaded>
    </>
  )
}

/** What was done, in words; for what has none here, the call itself. */
function inWords({ method, route, object }: Entry): string {
  const acts: Readonly<Record<string, (name: string) => string>> = t().acts
  const key = `${method} ${route}`
  return Object.hasOwn(acts, key) ? (acts[key]?.(nameIn(object)) ?? "") : `${method} ${object}`
}

/** "/users/pump-1/certificates" is about pump-1. */
function nameIn(object: string): string {
  return object.split("/")[2] ?? object
}

/** Of a sign-in everything is said by its line. */
function isTelling({ change, route }: Entry): boolean {
  return change !== "" && !["/login", "/session", "/tokens", "/users/:username/certificates"].includes(route)
}
