import { useState } from "preact/hooks"
import { useAction } from "../action.ts"
import { send } from "../api.ts"
import { confirmed } from "../confirmation.tsx"
import { age, date, daysUntil, isEndless } from "../format.ts"
import { announce } from "../parts/announce.tsx"
import { Button } from "../parts/button.tsx"
import { Card } from "../parts/card.tsx"
import { CsrForm, type Issued, IssuedNotice } from "../parts/csr-form.tsx"
import { Dialog } from "../parts/dialog.tsx"
import { Refusal } from "../parts/notice.tsx"
import { Badge, type Level } from "../parts/state.tsx"
import { may } from "../session.ts"
import { words } from "../words.ts"
import type { Certificate } from "./shown.ts"

const t = words({
  en: {
    title: "Certificate",
    none: "It has no certificate yet. Issue one from the request that the device makes.",
    renew: "Issue a new one",
    close: "Cancel",
    overlap: "The present certificate stays valid until the device has come in with the new one.",
    revoke: "Revoke",
    revokeTitle: "Revoke this certificate?",
    revokeHint: (name: string) =>
      `The session of ${name} ends within a second, and it cannot come back with this certificate. This cannot be undone; a new certificate can be issued.`,
    revoked: "The certificate is revoked.",
    no: "Keep it",
    active: "In force",
    pending: "Waiting for its first connection",
    superseded: "Replaced",
    revokedState: "Revoked",
    expired: "Expired",
    until: (when: string, days: number) => `until ${when}, ${days} days left`,
    forever: "does not end",
    ended: (when: string) => `until ${when}`,
    issued: (when: string, by: string) => `issued ${when} by ${by}`,
    earlier: (count: number) => (count === 1 ? "One earlier certificate" : `${count} earlier certificates`),
  },
  de: {
    title: "Zertifikat",
    none: "Es hat noch kein Zertifikat. Aus der Anforderung, die das Gerät erzeugt, eines ausstellen.",
    renew: "Neues ausstellen",
    close: "Abbrechen",
    overlap: "Das bisherige Zertifikat gilt, bis das Gerät mit dem neuen gekommen ist.",
    revoke: "Widerrufen",
    revokeTitle: "Dieses Zertifikat widerrufen?",
    revokeHint: (name: string) =>
      `Die Sitzung von ${name} endet binnen einer Sekunde, und mit diesem Zertifikat kommt es nicht wieder herein. Das lässt sich nicht rückgängig machen; ein neues Zertifikat lässt sich ausstellen.`,
    revoked: "Das Zertifikat ist widerrufen.",
    no: "Behalten",
    active: "Gültig",
    pending: "Wartet auf die erste Verbindung",
    superseded: "Ersetzt",
    revokedState: "Widerrufen",
    expired: "Abgelaufen",
    until: (when: string, days: number) => `bis ${when}, noch ${days} Tage`,
    forever: "läuft nicht ab",
    ended: (when: string) => `bis ${when}`,
    issued: (when: string, by: string) => `ausgestellt ${when} von ${by}`,
    earlier: (count: number) => (count === 1 ? "Ein früheres Zertifikat" : `${count} frühere Zertifikate`),
  },
})

export interface DeviceCertificatesProps {
  readonly name: string
  /** The newest first. */
  readonly certificates: readonly Certificate[]
  /** The form for a new one is open from the start. */
  readonly isOpen: boolean
  readonly onChange: () => Promise<void>
}

/** What the device proves itself with: a new one, or an end to the one it has. */
export function DeviceCertificates({ name, certificates, isOpen, onChange }: DeviceCertificatesProps) {
  const [renewing, setRenewing] = useState(isOpen)
  const [issued, setIssued] = useState<Issued>()
  const inForce = certificates.filter(({ state }) => state === "active" || state === "pending")
  const earlier = certificates.filter((one) => !inForce.includes(one))
  const mayIssue = may("write", `/users/${name}/certificates`)
  return (
    <Card
      title={t().title}
      aside={
        mayIssue &&
        !renewing && (
          <Button icon="certificate" onClick={() => setRenewing(true)}>
            {t().renew}
          </Button>
        )
      }
    >
      {inForce.length === 0 && <p>{t().none}</p>}
      {inForce.map((certificate) => (
        <One key={certificate.serial} name={name} certificate={certificate} onChange={onChange} />
      ))}
      {issued && <IssuedNotice username={name} issued={issued} />}
      {renewing && mayIssue && (
        <>
          {inForce.length > 0 && <p class="hint">{t().overlap}</p>}
          <CsrForm
            username={name}
            onIssued={(made) => {
              setIssued(made)
              setRenewing(false)
              void onChange()
            }}
          />
          <div class="actions">
            <Button onClick={() => setRenewing(false)}>{t().close}</Button>
          </div>
        </>
      )}
      {earlier.length > 0 && (
        <details>
          <summary>{t().earlier(earlier.length)}</summary>
          <ul class="stack">
            {earlier.map((certificate) => (
              <li key={certificate.serial}>
                <One name={name} certificate={certificate} onChange={onChange} />
              </li>
            ))}
          </ul>
        </details>
      )}
    </Card>
  )
}

const LEVELS: Readonly<Record<Certificate["state"], Level>> = {
  active: "ok",
  pending: "unknown",
  superseded: "off",
  revoked: "bad",
  expired: "bad",
}
const SOON_DAYS = 30

function One({
  name,
  certificate,
  onChange,
}: Pick<DeviceCertificatesProps, "name" | "onChange"> & { readonly certificate: Certificate }) {
  const { serial, state, notAfter, issuedAt, issuedBy } = certificate
  const inForce = state === "active" || state === "pending"
  const days = daysUntil(notAfter)
  const word = { ...t(), revoked: t().revokedState }[state]
  const end = isEndless(notAfter) ? t().forever : inForce ? t().until(date(notAfter), days) : t().ended(date(notAfter))
  return (
    <div class="one">
      <div class="row-main">
        <p>
          <Badge level={state === "active" && days < SOON_DAYS ? "warn" : LEVELS[state]}>{word}</Badge> {end}
        </p>
        <p class="small muted">
          {t().issued(age(issuedAt), issuedBy)} · <code>{serial}</code>
        </p>
      </div>
      {inForce && may("write", `/certificates/${serial}/revoke`) && (
        <Revoke name={name} serial={serial} onChange={onChange} />
      )}
    </div>
  )
}

function Revoke({
  name,
  serial,
  onChange,
}: Pick<DeviceCertificatesProps, "name" | "onChange"> & { readonly serial: string }) {
  const [asking, setAsking] = useState(false)
  const { run, busy, refused } = useAction(async () => {
    await confirmed(() => send("POST", `/certificates/${serial}/revoke`, { reason: "revoked at the page" }))
    setAsking(false)
    announce(t().revoked)
    await onChange()
  })
  return (
    <>
      <Button kind="danger" onClick={() => setAsking(true)}>
        {t().revoke}
      </Button>
      {asking && (
        <Dialog title={t().revokeTitle} onClose={() => setAsking(false)}>
          <p>{t().revokeHint(name)}</p>
          <Refusal of={refused.value} />
          <div class="actions">
            <Button kind="danger" busy={busy.value} onClick={() => void run()}>
              {t().revoke}
            </Button>
            <Button onClick={() => setAsking(false)}>{t().no}</Button>
          </div>
        </Dialog>
      )}
    </>
  )
}
