import { PageHead } from "../parts/page-head.tsx"
import { words } from "../words.ts"

const t = words({ en: { title: "Devices" }, de: { title: "Geräte" } })

export function Page() {
  return <PageHead title={t().title} />
}
