import type { expiriesAnswer } from "../../service/http/contract-system.ts"
import { date, daysUntil, isEndless } from "../format.ts"
import { LinkButton } from "../parts/button.tsx"
import { Card } from "../parts/card.tsx"
import { Badge } from "../parts/state.tsx"
import { words } from "../words.ts"

type Own = (typeof expiriesAnswer)["_output"]["own"][number]

const t = words({
  en: {
    title: "This gateway's own certificates",
    lead: "Devices trust the issuing authority; the page has an authority of its own.",
    root: "Root of the device authority",
    issuing: "Issuing device authority",
    broker: "Server certificate for devices",
    "page-authority": "Authority of this page",
    page: "Certificate of this page",
    outside: "Outside authority",
    until: (when: string) => `good until ${when}`,
    renews: "renews itself",
    days: (days: number) => (days === 1 ? "one day left" : `${days} days left`),
    over: "expired",
    endless: "without end",
    fingerprint: "Fingerprint (SHA-256)",
    chain: "Download what devices trust",
    crl: "Download the revocation list",
  },
  de: {
    title: "Eigene Zertifikate dieses Gateways",
    lead: "Geräte vertrauen der ausstellenden Stelle; die Seite hat eine eigene Zertifizierungsstelle.",
    root: "Wurzel der Geräte-Zertifizierungsstelle",
    issuing: "Ausstellende Geräte-Zertifizierungsstelle",
    broker: "Serverzertifikat für Geräte",
    "page-authority": "Zertifizierungsstelle dieser Seite",
    page: "Zertifikat dieser Seite",
    outside: "Fremde Zertifizierungsstelle",
    until: (when: string) => `gültig bis ${when}`,
    renews: "erneuert sich selbst",
    days: (days: number) => (days === 1 ? "noch ein Tag" : `noch ${days} Tage`),
    over: "abgelaufen",
    endless: "ohne Ende",
    fingerprint: "Fingerabdruck (SHA-256)",
    chain: "Herunterladen, was Geräte brauchen",
    crl: "Sperrliste herunterladen",
  },
})

/** Days before the end from which on somebody should know. */
const SOON = 30

export function OwnCertificates({ own }: { readonly own: readonly Own[] }) {
  return (
    <Card title={t().title}>
      <p class="muted">{t().lead}</p>
      <ul class="rows">
        {own
          .filter(({ kind }) => kind !== "outside")
          .map((certificate) => (
            <li key={certificate.fingerprint} class="row">
              <span class="row-main">
                <span class="row-name">{t()[certificate.kind]}</span>
                <span class="row-more">
                  <Remaining notAfter={certificate.notAfter} /> {certificate.name}
                  {!isEndless(certificate.notAfter) && `, ${t().until(date(certificate.notAfter))}`}
                  {certificate.renewsItself && `, ${t().renews}`}
                </span>
                <details class="small">
                  <summary>{t().fingerprint}</summary>
                  <code>{certificate.fingerprint.toUpperCase().replace(/(..)(?=.)/g, "$1:")}</code>
                </details>
              </span>
            </li>
          ))}
      </ul>
      <div class="actions">
        <LinkButton href="/api/v1/authority" icon="download" download="gatehouse-ca.pem">
          {t().chain}
        </LinkButton>
        <LinkButton href="/api/v1/authority/crl" icon="download" download="gatehouse.crl">
          {t().crl}
        </LinkButton>
      </div>
    </Card>
  )
}

/** How long something is good for, when that is soon to be known. */
export function Remaining({ notAfter }: { readonly notAfter: string }) {
  const days = daysUntil(notAfter)
  if (isEndless(notAfter)) return <Badge level="ok">{t().endless}</Badge>
  if (days < 0) return <Badge level="bad">{t().over}</Badge>
  return <Badge level={days < SOON ? "warn" : "ok"}>{t().days(days)}</Badge>
}
