import { useId, useState } from "preact/hooks"
import type { z } from "zod"
import type { issuedAnswer } from "../../service/http/contract-certificates.ts"
import { useAction } from "../action.ts"
import { send } from "../api.ts"
import { confirmed } from "../confirmation.tsx"
import { saveText } from "../download.ts"
import { date, isEndless } from "../format.ts"
import { words } from "../words.ts"
import { announce } from "./announce.tsx"
import { Button } from "./button.tsx"
import { TextArea } from "./field.tsx"
import { Notice } from "./notice.tsx"

const t = words({
  en: {
    file: "Certificate request from the device (a .csr, .pem or .der file)",
    paste: "or paste it here",
    hint: "It begins with -----BEGIN CERTIFICATE REQUEST-----. The device makes it together with its key, which never leaves it.",
    issue: "Issue certificate",
    missing: "Choose the file, or paste the request.",
    tooLarge: "This file is too large for a certificate request.",
    issued: "The certificate is issued.",
    until: (when: string) => `It is valid until ${when}.`,
    forever: "It does not end.",
    next: "Save the chain and put it on the device, beside its key.",
    save: "Save the chain",
    serial: "Serial number",
  },
  de: {
    file: "Zertifikatsanforderung des Geräts (Datei .csr, .pem oder .der)",
    paste: "oder hier einfügen",
    hint: "Sie beginnt mit -----BEGIN CERTIFICATE REQUEST-----. Das Gerät erzeugt sie mit seinem Schlüssel, der es nie verlässt.",
    issue: "Zertifikat ausstellen",
    missing: "Bitte die Datei wählen oder die Anforderung einfügen.",
    tooLarge: "Diese Datei ist zu groß für eine Zertifikatsanforderung.",
    issued: "Das Zertifikat ist ausgestellt.",
    until: (when: string) => `Es gilt bis ${when}.`,
    forever: "Es läuft nicht ab.",
    next: "Die Kette speichern und auf das Gerät bringen, neben seinen Schlüssel.",
    save: "Kette speichern",
    serial: "Seriennummer",
  },
})

export type Issued = z.output<typeof issuedAnswer>

const MOST_BYTES = 48 * 1024

export interface CsrFieldProps {
  readonly value: string
  readonly onInput: (csr: string) => void
  readonly error?: string | undefined
}

/** A certificate request, as a file or as text. */
export function CsrField({ value, onInput, error }: CsrFieldProps) {
  const id = useId()
  const [problem, setProblem] = useState<string>()
  const take = async (file: File | undefined) => {
    if (file === undefined) return
    if (file.size > MOST_BYTES) return setProblem(t().tooLarge)
    setProblem(undefined)
    onInput(textOf(new Uint8Array(await file.arrayBuffer())))
  }
  return (
    <>
      <div class="field">
        <label for={id}>{t().file}</label>
        <input
          id={id}
          type="file"
          accept=".csr,.pem,.der,.p10,.req,.txt"
          onChange={({ currentTarget }) => void take(currentTarget.files?.[0])}
        />
      </div>
      <TextArea label={t().paste} hint={t().hint} code value={value} onInput={onInput} error={problem ?? error} />
    </>
  )
}

/** Text as it is; DER, which begins with a SEQUENCE of two or more length bytes, as base64. */
function textOf(bytes: Uint8Array): string {
  if (bytes[0] !== 0x30 || (bytes[1] ?? 0) < 0x80) return new TextDecoder().decode(bytes)
  return btoa(String.fromCharCode(...bytes))
}

export function issueCertificate(username: string, csr: string): Promise<Issued> {
  return confirmed(() =>
    send<typeof issuedAnswer>("POST", `/users/${encodeURIComponent(username)}/certificates`, { csr: csr.trim() }),
  )
}

/** Issues a certificate for a device that is there already. */
export function CsrForm({
  username,
  onIssued,
}: {
  readonly username: string
  readonly onIssued: (issued: Issued) => void
}) {
  const [csr, setCsr] = useState("")
  const [missing, setMissing] = useState(false)
  const { run, busy, refused } = useAction(async () => {
    if (csr.trim() === "") return setMissing(true)
    const issued = await issueCertificate(username, csr)
    announce(t().issued)
    onIssued(issued)
  })
  return (
    <form
      noValidate
      onSubmit={(event) => {
        event.preventDefault()
        void run()
      }}
    >
      <CsrField
        value={csr}
        onInput={(value) => {
          setCsr(value)
          setMissing(false)
        }}
        error={missing ? t().missing : refused.value?.message}
      />
      <div class="actions">
        <Button type="submit" kind="primary" busy={busy.value}>
          {t().issue}
        </Button>
      </div>
    </form>
  )
}

/** What to do with a certificate that has just been issued. */
export function IssuedNotice({ username, issued }: { readonly username: string; readonly issued: Issued }) {
  return (
    <Notice kind="ok">
      <p>
        <strong>{t().issued}</strong> {isEndless(issued.notAfter) ? t().forever : t().until(date(issued.notAfter))}{" "}
        {t().next}
      </p>
      <Button kind="primary" icon="download" onClick={() => saveText(`${username}.chain.pem`, issued.chain)}>
        {t().save}
      </Button>
      <p class="small muted">
        {t().serial} <code>{issued.serial}</code>
      </p>
    </Notice>
  )
}
