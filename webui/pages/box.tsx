import type { applianceAnswer } from "../../service/http/contract-appliance.ts"
import { get } from "../api.ts"
import { Clock } from "../box/clock.tsx"
import { Network } from "../box/network.tsx"
import { Reset } from "../box/reset.tsx"
import { Update } from "../box/update.tsx"
import { Empty } from "../parts/card.tsx"
import { Loaded } from "../parts/loaded.tsx"
import { PageHead } from "../parts/page-head.tsx"
import { useResource } from "../resource.ts"
import { words } from "../words.ts"

const t = words({
  en: {
    title: "The box",
    lead: "The machine that the gateway runs on: its software, network and clock.",
    none: "Gatehouse runs here on somebody else's system. Software, network and clock are looked after with that system's own tools.",
  },
  de: {
    title: "Die Box",
    lead: "Die Maschine, auf der das Gateway läuft: Software, Netzwerk und Uhr.",
    none: "Gatehouse läuft hier auf einem fremden System. Software, Netzwerk und Uhr werden mit dessen eigenen Mitteln gepflegt.",
  },
})

/** The appliance as a machine. */
export function Page() {
  const box = useResource((options) => get<typeof applianceAnswer>("/appliance", options), ["appliance-changed"])
  const reload = () => box.reload()
  return (
    <>
      <PageHead title={t().title} lead={t().lead} />
      <Loaded resource={box}>
        {(value) =>
          value.appliance ? (
            <>
              <Update box={value} reload={reload} />
              <Network box={value} reload={reload} />
              <Clock box={value} reload={reload} />
              <Reset box={value} reload={reload} />
            </>
          ) : (
            <Empty>
              <p>{t().none}</p>
            </Empty>
          )
        }
      </Loaded>
    </>
  )
}
