import { useAction } from "../action.ts"
import { send } from "../api.ts"
import { confirmed } from "../confirmation.tsx"
import { clockOffset, duration, gatewayNow, moment } from "../format.ts"
import { Button } from "../parts/button.tsx"
import { Card, Fact, Facts } from "../parts/card.tsx"
import { Notice } from "../parts/notice.tsx"
import { words } from "../words.ts"
import type { BoxProps } from "./box.ts"
import { latestOf, OutcomeNotice } from "./outcome.tsx"

const t = words({
  en: {
    title: "Clock",
    box: "The box",
    browser: "This phone or computer",
    same: "Both agree.",
    behind: (time: string) => `The box is ${time} behind. Certificates may count as not yet valid until it is set.`,
    ahead: (time: string) => `The box is ${time} ahead. Certificates may count as expired until it is set.`,
    set: "Take over the time from here",
  },
  de: {
    title: "Uhr",
    box: "Die Box",
    browser: "Dieses Telefon oder dieser Rechner",
    same: "Beide stimmen überein.",
    behind: (time: string) =>
      `Die Box geht ${time} nach. Bis sie gestellt ist, gelten Zertifikate vielleicht als noch nicht gültig.`,
    ahead: (time: string) =>
      `Die Box geht ${time} vor. Bis sie gestellt ist, gelten Zertifikate vielleicht als abgelaufen.`,
    set: "Uhrzeit von hier übernehmen",
  },
})

/** Both clocks, and the one set by the other: after months in a drawer the box does not know the time. */
export function Clock({ box, reload }: BoxProps) {
  const { run, busy, refused } = useAction(async () => {
    await confirmed(() => send("PUT", "/appliance/clock", { time: new Date().toISOString() }))
    await reload()
  })
  const latest = latestOf(box.requests, "set-clock")
  const offset = clockOffset.value / 1000
  const apart = duration(Math.abs(offset))
  return (
    <Card title={t().title}>
      <Facts>
        <Fact name={t().box}>{moment(gatewayNow())}</Fact>
        <Fact name={t().browser}>{moment(gatewayNow() - clockOffset.value)}</Fact>
      </Facts>
      {offset === 0 ? (
        <p>{t().same}</p>
      ) : (
        <Notice kind="warn">{offset < 0 ? t().behind(apart) : t().ahead(apart)}</Notice>
      )}
      {latest && <OutcomeNotice outcome={latest} />}
      {refused.value && <Notice kind="bad">{refused.value.message}</Notice>}
      <div class="actions">
        <Button icon="clock" busy={busy.value} onClick={() => void run()}>
          {t().set}
        </Button>
      </div>
    </Card>
  )
}
