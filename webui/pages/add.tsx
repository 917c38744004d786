import { useState } from "preact/hooks"
import type { z } from "zod"
import type { newUser, rolesAnswer, userAnswer } from "../../service/http/contract.ts"
import { useAction } from "../action.ts"
import { get, send } from "../api.ts"
import { confirmed } from "../confirmation.tsx"
import { makePassword } from "../download.ts"
import { FirstConnection } from "../first-connection.tsx"
import { announce } from "../parts/announce.tsx"
import { Button, LinkButton } from "../parts/button.tsx"
import { Card } from "../parts/card.tsx"
import { CsrField, type Issued, IssuedNotice, issueCertificate } from "../parts/csr-form.tsx"
import { Select, TextField } from "../parts/field.tsx"
import { Loaded } from "../parts/loaded.tsx"
import { Notice } from "../parts/notice.tsx"
import { PageHead } from "../parts/page-head.tsx"
import { Secret } from "../parts/secret.tsx"
import { Tabs } from "../parts/tabs.tsx"
import { useResource } from "../resource.ts"
import { href, query } from "../router.ts"
import { Usb } from "../usb/usb.tsx"
import { words } from "../words.ts"

const t = words({
  en: {
    title: "Add device",
    lead: "A device gets a name, a role, and something to prove itself with.",
    back: "Devices",
    how: "How the device proves itself",
    usb: "USB",
    certificate: "Certificate",
    password: "Password",
    name: "Name",
    nameHint:
      "1 to 64 letters, digits, dots, hyphens or underscores, such as pump-1. It is also the name in the certificate.",
    nameWrong: "Use 1 to 64 letters, digits, dots, hyphens or underscores, beginning with a letter or digit.",
    nameTaken: "This name is taken. Choose another, or open the device under Devices.",
    role: "Role",
    roleHint: (role: string): string =>
      role === "device"
        ? "May use the topics under devices/ and its own name, and nothing else."
        : "Its permissions are under People, Roles.",
    note: "Note (optional)",
    noteHint: "Where it is, what it does: whatever helps to find it again.",
    csrMissing: "Choose the file, or paste the request.",
    add: "Add and issue certificate",
    addPassword: "Add and make a password",
    passwordHint: "For devices that cannot have a certificate. The gateway makes a strong password; it is shown once.",
    added: (name: string) => `${name} is added.`,
    yourPassword: "Its password, shown only now",
    keep: "Enter it on the device now. It cannot be shown again; a new one can always be set.",
    another: "Add another",
    open: "Open the device",
  },
  de: {
    title: "Gerät hinzufügen",
    lead: "Ein Gerät bekommt einen Namen, eine Rolle und etwas, womit es sich ausweist.",
    back: "Geräte",
    how: "Womit sich das Gerät ausweist",
    usb: "USB",
    certificate: "Zertifikat",
    password: "Kennwort",
    name: "Name",
    nameHint:
      "1 bis 64 Buchstaben, Ziffern, Punkte, Binde- oder Unterstriche, etwa pumpe-1. So heißt es auch im Zertifikat.",
    nameWrong: "Bitte 1 bis 64 Buchstaben, Ziffern, Punkte, Binde- oder Unterstriche, am Anfang Buchstabe oder Ziffer.",
    nameTaken: "Dieser Name ist vergeben. Einen anderen wählen oder das Gerät unter Geräte öffnen.",
    role: "Rolle",
    roleHint: (role: string): string =>
      role === "device"
        ? "Darf die Topics unter devices/ und seinem eigenen Namen nutzen, sonst nichts."
        : "Ihre Berechtigungen stehen unter Personen, Rollen.",
    note: "Notiz (freiwillig)",
    noteHint: "Wo es steht, was es tut: was hilft, es wiederzufinden.",
    csrMissing: "Bitte die Datei wählen oder die Anforderung einfügen.",
    add: "Hinzufügen und Zertifikat ausstellen",
    addPassword: "Hinzufügen und Kennwort erzeugen",
    passwordHint:
      "Für Geräte, die kein Zertifikat haben können. Das Gateway erzeugt ein starkes Kennwort und zeigt es einmal.",
    added: (name: string) => `${name} ist hinzugefügt.`,
    yourPassword: "Sein Kennwort, nur jetzt sichtbar",
    keep: "Jetzt am Gerät eintragen. Es lässt sich nicht wieder anzeigen; ein neues kann man jederzeit setzen.",
    another: "Weiteres hinzufügen",
    open: "Gerät öffnen",
  },
})

/** Ways for a device to come in. */
const WAYS = ["usb", "certificate", "password"] as const
type Way = (typeof WAYS)[number]

interface Added {
  readonly name: string
  readonly issued?: Issued
  readonly password?: string
}

export function Page() {
  const [way, setWay] = useState<Way>(WAYS.find((one) => one === query("way")) ?? "certificate")
  const [added, setAdded] = useState<Added>()
  if (added !== undefined) return <Done added={added} onAnother={() => setAdded(undefined)} />
  return (
    <>
      <PageHead title={t().title} lead={t().lead} back={{ href: href("/devices"), label: t().back }} />
      <Card>
        <Tabs label={t().how} tabs={WAYS.map((id) => ({ id, label: t()[id] }))} chosen={way} onChoose={setWay}>
          {way === "usb" ? <Usb /> : <Form key={way} way={way} onAdded={setAdded} />}
        </Tabs>
      </Card>
    </>
  )
}

const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/

function Form({ way, onAdded }: { readonly way: Exclude<Way, "usb">; readonly onAdded: (added: Added) => void }) {
  const roles = useResource((options) => get<typeof rolesAnswer>("/roles", options))
  const [name, setName] = useState(query("name") ?? "")
  const [role, setRole] = useState("device")
  const [note, setNote] = useState("")
  const [csr, setCsr] = useState("")
  const [tried, setTried] = useState(false)
  const [made, setMade] = useState("")
  const wrongName = NAME.test(name) ? undefined : t().nameWrong
  const wrongCsr = way === "certificate" && csr.trim() === "" ? t().csrMissing : undefined
  const { run, busy, refused, forget } = useAction(async () => {
    setTried(true)
    if (wrongName !== undefined || wrongCsr !== undefined) return
    const password = way === "password" ? makePassword() : undefined
    // what was added before the request was refused is there already: the next try goes on from there
    if (made !== name) await create(name, role, note, password)
    setMade(name)
    const issued = password === undefined ? await issueCertificate(name, csr) : undefined
    announce(t().added(name))
    onAdded({ name, ...(issued === undefined ? {} : { issued }), ...(password === undefined ? {} : { password }) })
  })
  const problem = refused.value
  const isTaken = problem?.code === "conflict" && made !== name
  const ofCsr = problem?.code === "csr-refused"
  return (
    <form
      noValidate
      onSubmit={(event) => {
        event.preventDefault()
        void run()
      }}
    >
      {way === "password" && <p class="hint">{t().passwordHint}</p>}
      <TextField
        label={t().name}
        hint={t().nameHint}
        value={name}
        onInput={(value) => {
          setName(value.trim())
          forget()
        }}
        error={isTaken ? t().nameTaken : tried ? wrongName : undefined}
        input={{ required: true, maxLength: 64, autocomplete: "off" }}
      />
      <Loaded resource={roles}>
        {(known) => (
          <Select
            label={t().role}
            hint={t().roleHint(role)}
            value={role}
            onChange={setRole}
            options={known.roles.filter(isForDevices).map((one) => ({ value: one.name, label: one.name }))}
          />
        )}
      </Loaded>
      <TextField
        label={t().note}
        hint={t().noteHint}
        value={note}
        onInput={setNote}
        input={{ maxLength: 200, autocomplete: "off" }}
      />
      {way === "certificate" && (
        <CsrField value={csr} onInput={setCsr} error={ofCsr ? problem.message : tried ? wrongCsr : undefined} />
      )}
      {problem && !isTaken && !ofCsr && (
        <Notice kind="bad" urgent>
          {problem.message}
        </Notice>
      )}
      <div class="actions">
        <Button type="submit" kind="primary" busy={busy.value}>
          {way === "certificate" ? t().add : t().addPassword}
        </Button>
      </div>
    </form>
  )
}

/** A role that opens this page is for people. */
function isForDevices({ permissions }: z.output<typeof rolesAnswer>["roles"][number]): boolean {
  return !permissions.some(({ context }) => context === "http")
}

async function create(username: string, role: string, note: string, password: string | undefined): Promise<void> {
  const grant = password === undefined ? { kind: "certificate" } : { kind: "password", password }
  const body = { username, grant, roles: [role], ...(note.trim() === "" ? {} : { note: note.trim() }) } as z.input<
    typeof newUser
  >
  await confirmed(() => send<typeof userAnswer>("POST", "/users", body))
}

/** What is left to do at the device, and its first connection as it happens. */
function Done({ added, onAnother }: { readonly added: Added; readonly onAnother: () => void }) {
  const { name, issued, password } = added
  return (
    <>
      <PageHead title={t().added(name).replace(/\.$/, "")} back={{ href: href("/devices"), label: t().back }} />
      {issued && <IssuedNotice username={name} issued={issued} />}
      {password && (
        <Notice kind="ok">
          <p>
            <strong>{t().yourPassword}</strong>
          </p>
          <Secret value={password} />
          <p>{t().keep}</p>
        </Notice>
      )}
      <FirstConnection username={name} way={password === undefined ? "certificate" : "password"} />
      <div class="actions">
        <LinkButton href={href("/devices/:name", { name })}>{t().open}</LinkButton>
        <Button icon="add" onClick={onAnother}>
          {t().another}
        </Button>
      </div>
    </>
  )
}
