import type { expiriesAnswer } from "../../service/http/contract-system.ts"
import { get } from "../api.ts"
import { Calendar } from "../certificates/calendar.tsx"
import { OwnCertificates } from "../certificates/own.tsx"
import { TrustBundle } from "../certificates/trust.tsx"
import { Loaded } from "../parts/loaded.tsx"
import { PageHead } from "../parts/page-head.tsx"
import { useResource } from "../resource.ts"
import { may } from "../session.ts"
import { words } from "../words.ts"

const t = words({
  en: {
    title: "Certificates",
    lead: "Who signs certificates for this gateway, which end when, and who else is trusted.",
  },
  de: {
    title: "Zertifikate",
    lead: "Wer Zertifikate für dieses Gateway unterschreibt, welche wann enden und wem noch vertraut wird.",
  },
})

export function Page() {
  const expiries = useResource(
    (options) => get<typeof expiriesAnswer>("/expiries", options),
    ["certificate-issued", "certificate-revoked"],
  )
  return (
    <>
      <PageHead title={t().title} lead={t().lead} />
      <Loaded resource={expiries}>
        {(value) => (
          <>
            <Calendar expiries={value} />
            <OwnCertificates own={value.own} />
          </>
        )}
      </Loaded>
      {may("read", "/authorities") && <TrustBundle />}
    </>
  )
}
