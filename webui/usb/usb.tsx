import { useEffect, useState } from "preact/hooks"
import type { jobsAnswer, portsAnswer } from "../../service/http/contract-serial.ts"
import { get } from "../api.ts"
import { announce } from "../parts/announce.tsx"
import { Card, Empty } from "../parts/card.tsx"
import { Loaded } from "../parts/loaded.tsx"
import { Notice } from "../parts/notice.tsx"
import { useResource } from "../resource.ts"
import { JobCard } from "./job.tsx"
import { OrderForm } from "./order.tsx"
import { Ports } from "./ports.tsx"
import { t } from "./texts.ts"

/** Provisioning over USB: what is plugged in, the order, and each job up to its label. */
export function Usb() {
  const ports = useResource(
    (options) => get<typeof portsAnswer>("/serial/ports", options),
    ["serial-ports-changed", "serial-job-changed"],
  )
  const jobs = useResource(
    (options) => get<typeof jobsAnswer>("/serial/jobs?limit=100", options),
    ["serial-job-changed"],
  )
  /** Jobs that this person has seen under way stay in sight when they have ended. */
  const [seen] = useState(() => new Map<string, string>())
  const list = jobs.value.value?.jobs ?? []
  useEffect(() => {
    for (const { id, state, username } of list) {
      const before = seen.get(id)
      if (state === "done" && before !== undefined && before !== "done") announce(t().isDone(username))
      if (before !== undefined || (state !== "done" && state !== "cancelled")) seen.set(id, state)
    }
  }, [list])
  return (
    <>
      <p>{t().lead}</p>
      <Loaded resource={ports}>
        {({ enabled, ports: present }) =>
          enabled ? (
            <>
              <Ports ports={present} onChanged={() => void ports.reload()} />
              <OrderForm ports={present} onOrdered={() => void jobs.reload()} />
            </>
          ) : (
            <Notice kind="warn">{t().off}</Notice>
          )
        }
      </Loaded>
      <h2>{t().jobs}</h2>
      <Loaded resource={jobs}>
        {({ jobs: all }) => {
          const shown = all.filter(({ id, state }) => seen.has(id) || (state !== "done" && state !== "cancelled"))
          if (shown.length === 0) return <Empty>{t().noJobs}</Empty>
          return shown.map((job) => (
            <Card key={job.id}>
              <JobCard job={job} onChanged={() => void jobs.reload()} />
            </Card>
          ))
        }}
      </Loaded>
    </>
  )
}
