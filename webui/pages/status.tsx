import type { statusAnswer } from "../../service/http/contract.ts"
import { get } from "../api.ts"
import { Loaded } from "../parts/loaded.tsx"
import { PageHead } from "../parts/page-head.tsx"
import { useResource } from "../resource.ts"
import { words } from "../words.ts"

const t = words({
  en: { title: "Status", healthy: "Everything works." },
  de: { title: "Status", healthy: "Alles in Ordnung." },
})

export function Page() {
  const status = useResource(
    (options) => get<typeof statusAnswer>("/status", options),
    ["alarm-raised", "alarm-cleared"],
  )
  return (
    <>
      <PageHead title={t().title} />
      <Loaded resource={status}>{({ alarms }) => <p>{alarms[0]?.title ?? t().healthy}</p>}</Loaded>
    </>
  )
}
