import type { limitsAnswer, listenersAnswer } from "../../service/http/contract.ts"
import { get } from "../api.ts"
import { number } from "../format.ts"
import { Loaded } from "../parts/loaded.tsx"
import { Badge } from "../parts/state.tsx"
import { useResource } from "../resource.ts"
import { words } from "../words.ts"

const t = words({
  en: {
    listeners: "Where the gateway listens",
    open: "open",
    closed: "closed",
    limits: "Limits",
    lead: "What protects the gateway from too much. A limit that has acted turned somebody away or held them back since the start. All of them are set in the configuration.",
    name: "Limit",
    value: "Value",
    acted: "Acted",
    often: (count: string) => `${count} times`,
    never: "never",
    unknown: "not counted",
    everywhere: "on every interface",
    noneActed: "No limit has acted since the start.",
    all: (count: number) => `All ${count} limits`,
  },
  de: {
    listeners: "Wo das Gateway lauscht",
    open: "offen",
    closed: "geschlossen",
    limits: "Grenzen",
    lead: "Was das Gateway vor zu viel schützt. Eine Grenze, die gegriffen hat, hat seit dem Start jemanden abgewiesen oder gebremst. Gesetzt werden sie in der Konfiguration.",
    name: "Grenze",
    value: "Wert",
    acted: "Hat gegriffen",
    often: (count: string) => `${count}-mal`,
    never: "nie",
    unknown: "wird nicht gezählt",
    everywhere: "auf jeder Schnittstelle",
    noneActed: "Seit dem Start hat keine Grenze gegriffen.",
    all: (count: number) => `Alle ${count} Grenzen`,
  },
})

export function Limits() {
  const listeners = useResource((options) => get<typeof listenersAnswer>("/listeners", options))
  const limits = useResource((options) => get<typeof limitsAnswer>("/limits", options))
  return (
    <>
      <h2>{t().listeners}</h2>
      <Loaded resource={listeners}>
        {({ listeners: all }) => (
          <ul class="rows">
            {all.map(({ name, host, port, open }) => (
              <li key={name} class="row">
                <span class="row-main">
                  <span class="row-name">
                    {name} {port}
                  </span>
                  <span class="row-more">{host === "*" ? t().everywhere : host}</span>
                </span>
                <Badge level={open ? "ok" : "off"}>{open ? t().open : t().closed}</Badge>
              </li>
            ))}
          </ul>
        )}
      </Loaded>
      <h2>{t().limits}</h2>
      <p class="muted">{t().lead}</p>
      <Loaded resource={limits}>
        {({ limits: all }) => (
          <>
            <LimitTable limits={all.filter(({ acted }) => acted !== null && acted > 0)} />
            <details>
              <summary>{t().all(all.length)}</summary>
              <LimitTable limits={all} />
            </details>
          </>
        )}
      </Loaded>
    </>
  )
}

type Limit = (typeof limitsAnswer)["_output"]["limits"][number]

function LimitTable({ limits }: { readonly limits: readonly Limit[] }) {
  if (limits.length === 0) return <p>{t().noneActed}</p>
  return (
    <table>
      <thead>
        <tr>
          <th scope="col">{t().name}</th>
          <th scope="col">{t().value}</th>
          <th scope="col">{t().acted}</th>
        </tr>
      </thead>
      <tbody>
        {limits.map(({ name, value, acted }) => (
          <tr key={name}>
            <td>
              <code>{name}</code>
            </td>
            <td data-label={t().value}>{number(value)}</td>
            <td data-label={t().acted}>
              {acted === null ? (
                <span class="muted">{t().unknown}</span>
              ) : acted === 0 ? (
                t().never
              ) : (
                <Badge level="warn">{t().often(number(acted))}</Badge>
              )}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}
