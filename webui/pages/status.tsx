import type { overviewAnswer } from "../../service/http/contract-overview.ts"
import { get } from "../api.ts"
import { number } from "../format.ts"
import { latestPulse } from "../live.ts"
import { LinkButton } from "../parts/button.tsx"
import { Card } from "../parts/card.tsx"
import { Icon } from "../parts/icon.tsx"
import { Loaded } from "../parts/loaded.tsx"
import { PageHead } from "../parts/page-head.tsx"
import type { Level } from "../parts/state.tsx"
import { useResource } from "../resource.ts"
import { href } from "../router.ts"
import type { Shown } from "../status/alarmed.tsx"
import { partsOf } from "../status/cards.tsx"
import type { Overview } from "../status/overview.ts"
import { Rates } from "../status/rates.tsx"
import { words } from "../words.ts"

const t = words({
  en: {
    title: "Status",
    fine: "Everything works.",
    wrong: (what: string, more: number) =>
      more === 0 ? `${what}.` : `${what}, and ${more === 1 ? "one more thing" : `${more} more things`}.`,
    door: "At the door",
    doorHint: (count: number) =>
      count === 1
        ? "One client was turned away since the start."
        : `${number(count)} clients were turned away since the start.`,
    showDoor: "See who and why",
  },
  de: {
    title: "Status",
    fine: "Alles in Ordnung.",
    wrong: (what: string, more: number) =>
      more === 0 ? `${what}.` : `${what}, und ${more === 1 ? "eine weitere Sache" : `${more} weitere Dinge`}.`,
    door: "An der Tür",
    doorHint: (count: number) =>
      count === 1
        ? "Seit dem Start wurde ein Client abgewiesen."
        : `Seit dem Start wurden ${number(count)} Clients abgewiesen.`,
    showDoor: "Wer und warum",
  },
})

/** As often there is a new point in the picture of rates. */
const RATES_MS = 10_000

/** One sentence, then a card for each part of the gateway. */
export function Page() {
  const overview = useResource(
    (options) => get<typeof overviewAnswer>("/overview", options),
    [
      "alarm-raised",
      "alarm-cleared",
      "client-connected",
      "client-disconnected",
      "users-changed",
      "certificate-issued",
      "certificate-revoked",
    ],
    [],
    RATES_MS,
  )
  return (
    <>
      <PageHead title={t().title} />
      <Loaded resource={overview}>{(shown) => <Overviewed overview={shown} />}</Loaded>
    </>
  )
}

function Overviewed({ overview }: { readonly overview: Overview }) {
  const parts = partsOf(overview)
  return (
    <>
      <Sentence parts={parts} />
      <div class="cards">
        {parts.map(({ part, card }) => (
          <div key={part}>{card}</div>
        ))}
      </div>
      <Rates overview={overview} />
      <AtTheDoor overview={overview} />
    </>
  )
}

const RANK: Readonly<Record<Level, number>> = { bad: 0, warn: 1, unknown: 2, off: 2, ok: 3 }

/** The answer to "is it healthy?": the worst first. */
function Sentence({ parts }: { readonly parts: readonly Shown[] }) {
  const wrong = parts.filter((part) => part.wrong !== undefined).sort((a, b) => RANK[a.level] - RANK[b.level])
  const [worst] = wrong
  const level = worst?.level ?? "ok"
  return (
    <p class={`sentence sentence-${level}`} role="status">
      <Icon name={level === "ok" ? "check" : level === "bad" ? "stop" : "warning"} />
      {worst?.wrong === undefined ? t().fine : t().wrong(worst.wrong, wrong.length - 1)}
    </p>
  )
}

function AtTheDoor({ overview }: { readonly overview: Overview }) {
  const refused = latestPulse.value?.refused ?? overview.refused
  if (refused === 0) return null
  return (
    <Card
      title={t().door}
      aside={
        <LinkButton icon="door" href={href("/door")}>
          {t().showDoor}
        </LinkButton>
      }
    >
      <p>{t().doorHint(refused)}</p>
    </Card>
  )
}
