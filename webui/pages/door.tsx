import type { z } from "zod"
import type { refusedAnswer } from "../../service/http/contract.ts"
import { get } from "../api.ts"
import { age, number } from "../format.ts"
import { Empty } from "../parts/card.tsx"
import { Icon } from "../parts/icon.tsx"
import { Loaded } from "../parts/loaded.tsx"
import { PageHead } from "../parts/page-head.tsx"
import { Badge } from "../parts/state.tsx"
import { sentence } from "../problem.ts"
import { causeWords } from "../refusals.ts"
import { RemedyButton } from "../remedy.tsx"
import { useResource } from "../resource.ts"
import { words } from "../words.ts"

const t = words({
  en: {
    title: "At the door",
    lead: "Every client that was turned away, why, and what mends it. The latest first.",
    none: "Nobody was turned away since the gateway started.",
    noneHint:
      "If a device does not connect and is not here, it does not reach the gateway: check its address, its port and the network.",
    nameless: "No name",
    from: (address: string) => `from ${address}`,
    times: (count: number) => (count === 1 ? "once" : `${number(count)} times`),
    mended: "Mended",
    mendedHint: "It has connected since.",
    details: "What the gateway saw",
    first: (when: string) => `first ${when}`,
    last: (when: string) => `last ${when}`,
  },
  de: {
    title: "An der Tür",
    lead: "Jeder abgewiesene Client, warum, und was hilft. Der neueste zuerst.",
    none: "Seit dem Start des Gateways wurde niemand abgewiesen.",
    noneHint:
      "Verbindet sich ein Gerät nicht und steht auch nicht hier, erreicht es das Gateway nicht: Adresse, Port und Netzwerk prüfen.",
    nameless: "Ohne Namen",
    from: (address: string) => `von ${address}`,
    times: (count: number) => (count === 1 ? "einmal" : `${number(count)}-mal`),
    mended: "Behoben",
    mendedHint: "Es hat sich seither verbunden.",
    details: "Was das Gateway gesehen hat",
    first: (when: string) => `zuerst ${when}`,
    last: (when: string) => `zuletzt ${when}`,
  },
})

type Group = z.output<typeof refusedAnswer>["groups"][number]

export function Page() {
  const refused = useResource(
    (options) => get<typeof refusedAnswer>("/refused", options),
    ["refused", "client-connected", "users-changed"],
  )
  return (
    <>
      <PageHead title={t().title} lead={t().lead} />
      <Loaded resource={refused}>
        {({ groups }) =>
          groups.length === 0 ? (
            <Empty>
              <p>
                <strong>{t().none}</strong>
              </p>
              <p>{t().noneHint}</p>
            </Empty>
          ) : (
            <ul class="visitors">
              {groups.map((group) => (
                <li key={`${group.cause} ${group.name}`}>
                  <Visitor group={group} />
                </li>
              ))}
            </ul>
          )
        }
      </Loaded>
    </>
  )
}

function Visitor({ group }: { readonly group: Group }) {
  const { cause, name, address, count, first, last, connectedSince } = group
  const { what, why } = causeWords()[cause]
  const isMended = connectedSince !== undefined && connectedSince > last
  return (
    <article class="card visitor">
      <div class="visitor-head">
        <h2>{name === "" ? <span class="muted">{t().nameless}</span> : name}</h2>
        <p class="small muted">
          {t().from(address)}, {t().times(count)}, {t().last(age(last))}
        </p>
      </div>
      <p class="visitor-what">
        {isMended ? <Badge level="ok">{t().mended}</Badge> : <Icon name="stop" />}
        <strong>{what}</strong>
      </p>
      <p>{isMended ? t().mendedHint : why}</p>
      {!isMended && (
        <div class="actions">
          <RemedyButton cause={cause} name={name} />
        </div>
      )}
      <details>
        <summary>{t().details}</summary>
        <p lang="en">{sentence(group.sentence)}</p>
        <p class="small muted">
          {t().first(age(first))}, <code>{cause}</code>
        </p>
      </details>
    </article>
  )
}
