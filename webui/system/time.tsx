import type { timeAnswer } from "../../service/http/contract-system.ts"
import { get } from "../api.ts"
import { clockOffset, duration, gatewayNow, moment, now } from "../format.ts"
import { LinkButton } from "../parts/button.tsx"
import { Fact, Facts } from "../parts/card.tsx"
import { Loaded } from "../parts/loaded.tsx"
import { Notice } from "../parts/notice.tsx"
import { Badge } from "../parts/state.tsx"
import { useResource } from "../resource.ts"
import { href } from "../router.ts"
import { may } from "../session.ts"
import { words } from "../words.ts"

const t = words({
  en: {
    gateway: "The gateway's clock",
    browser: "This device's clock",
    difference: "Difference",
    same: "none worth mentioning",
    ahead: (time: string) => `the gateway is ${time} ahead`,
    behind: (time: string) => `the gateway is ${time} behind`,
    zone: "Time zone of the gateway",
    network: "Set over the network",
    yes: "yes",
    no: "no, not since it was started",
    unknown: "not known: another program on this machine looks after it",
    wrong:
      "One of the two clocks is wrong. With a wrong clock certificates count as expired or as not valid yet, and devices are turned away.",
    tooEarly: (when: string) =>
      `The gateway's clock is certainly wrong: its newest certificate was made at ${when}, later than it believes it is now.`,
    set: "Set the clock",
    shell: "On a machine of your own, set it as root with: timedatectl set-time, or give it a time server.",
  },
  de: {
    gateway: "Uhr des Gateways",
    browser: "Uhr dieses Geräts",
    difference: "Unterschied",
    same: "keiner, der zählt",
    ahead: (time: string) => `das Gateway geht ${time} vor`,
    behind: (time: string) => `das Gateway geht ${time} nach`,
    zone: "Zeitzone des Gateways",
    network: "Über das Netz gestellt",
    yes: "ja",
    no: "nein, nicht seit dem Start",
    unknown: "nicht bekannt: Ein anderes Programm auf dieser Maschine kümmert sich darum",
    wrong:
      "Eine der beiden Uhren geht falsch. Mit falscher Uhr gelten Zertifikate als abgelaufen oder noch nicht gültig, und Geräte werden abgewiesen.",
    tooEarly: (when: string) =>
      `Die Uhr des Gateways geht sicher falsch: Sein neuestes Zertifikat entstand am ${when}, später als es jetzt zu sein glaubt.`,
    set: "Uhr stellen",
    shell: "Auf einer eigenen Maschine als root stellen mit: timedatectl set-time, oder einen Zeitserver eintragen.",
  },
})

/** From here on a difference is one that somebody should know of. */
const WORTH_MS = 60_000

/** The clock, beside the one in the person's hand: one of them may have lain in a drawer. */
export function Time() {
  const time = useResource((options) => get<typeof timeAnswer>("/time", options), ["alarm-raised", "alarm-cleared"])
  const offset = clockOffset.value
  const size = duration(Math.abs(offset) / 1000)
  const differs = Math.abs(offset) > WORTH_MS
  return (
    <Loaded resource={time}>
      {({ timeZone, synchronised, behind, notBefore }) => (
        <>
          {behind && notBefore !== null && (
            <Notice kind="bad">
              <p>{t().tooEarly(moment(notBefore))}</p>
            </Notice>
          )}
          {differs && (
            <Notice kind="warn">
              <p>{t().wrong}</p>
              {may("read", "/appliance") && <LinkButton href={href("/box")}>{t().set}</LinkButton>}
              <p class="small">{t().shell}</p>
            </Notice>
          )}
          <Facts>
            <Fact name={t().gateway}>
              <span class="numbers">{moment(gatewayNow())}</span>
            </Fact>
            <Fact name={t().browser}>
              <span class="numbers">{moment(now.value)}</span>
            </Fact>
            <Fact name={t().difference}>
              <Badge level={differs ? "bad" : "ok"}>
                {!differs ? t().same : offset > 0 ? t().ahead(size) : t().behind(size)}
              </Badge>
            </Fact>
            <Fact name={t().zone}>{timeZone}</Fact>
            <Fact name={t().network}>{synchronised === null ? t().unknown : synchronised ? t().yes : t().no}</Fact>
          </Facts>
        </>
      )}
    </Loaded>
  )
}
