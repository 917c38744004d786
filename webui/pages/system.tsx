import { useState } from "preact/hooks"
import { PageHead } from "../parts/page-head.tsx"
import { Tabs } from "../parts/tabs.tsx"
import { query } from "../router.ts"
import { session } from "../session.ts"
import { Changes } from "../system/changes.tsx"
import { Limits } from "../system/limits.tsx"
import { Log } from "../system/log.tsx"
import { Restart } from "../system/restart.tsx"
import { Time } from "../system/time.tsx"
import { words } from "../words.ts"

const t = words({
  en: {
    title: "System",
    lead: "What the gateway itself does, and what was done to it.",
    tabs: { time: "Clock", log: "Log", changes: "Changes", limits: "Limits", restart: "Restart" },
  },
  de: {
    title: "System",
    lead: "Was das Gateway selbst tut und was an ihm getan wurde.",
    tabs: { time: "Uhr", log: "Protokoll", changes: "Änderungen", limits: "Grenzen", restart: "Neustart" },
  },
})

const VIEWS = { time: Time, log: Log, changes: Changes, limits: Limits, restart: Restart } as const
type View = keyof typeof VIEWS

export function Page() {
  const asked = query("show") as View | undefined
  const [view, setView] = useState<View>(asked !== undefined && Object.hasOwn(VIEWS, asked) ? asked : "time")
  const views = (Object.keys(VIEWS) as View[]).filter((one) => one !== "restart" || session.value?.administrator)
  const Shown = VIEWS[view]
  return (
    <>
      <PageHead title={t().title} lead={t().lead} />
      <Tabs label={t().title} tabs={views.map((id) => ({ id, label: t().tabs[id] }))} chosen={view} onChoose={setView}>
        <Shown />
      </Tabs>
    </>
  )
}
