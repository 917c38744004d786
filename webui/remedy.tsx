import type { RefusalCause } from "../service/http/contract-page.ts"
import { useAction } from "./action.ts"
import { send } from "./api.ts"
import { confirmed } from "./confirmation.tsx"
import { announce } from "./parts/announce.tsx"
import { Button, LinkButton } from "./parts/button.tsx"
import { Refusal } from "./parts/notice.tsx"
import { REMEDIES } from "./refusals.ts"
import { href } from "./router.ts"
import { may } from "./session.ts"
import { words } from "./words.ts"

const t = words({
  en: {
    add: (name: string) => (name === "" ? "Add a device" : `Add ${name}`),
    enable: (name: string) => `Enable ${name}`,
    enabled: (name: string) => `${name} is enabled.`,
    password: "Set a new password",
    certificate: "Issue a new certificate",
    rights: "See what it may do",
    trust: "Trusted authorities",
    time: "Check the time",
    look: "Open the device",
    person: "Open People",
    chain: "Download the chain",
  },
  de: {
    add: (name: string) => (name === "" ? "Gerät hinzufügen" : `${name} hinzufügen`),
    enable: (name: string) => `${name} freigeben`,
    enabled: (name: string) => `${name} ist freigegeben.`,
    password: "Neues Kennwort setzen",
    certificate: "Neues Zertifikat ausstellen",
    rights: "Berechtigungen ansehen",
    trust: "Vertrauenswürdige Stellen",
    time: "Uhrzeit prüfen",
    look: "Gerät öffnen",
    person: "Personen öffnen",
    chain: "Zertifikatskette laden",
  },
})

export interface RemedyProps {
  readonly cause: RefusalCause
  /** The name it gave; "" when it gave none. */
  readonly name: string
  /** It stands on the device's own page: what only leads there is left out. */
  readonly here?: boolean
}

/** The button that mends a refusal, where this page can and this person may. */
export function RemedyButton({ cause, name, here = false }: RemedyProps) {
  const device = href("/devices/:name", { name })
  switch (
    name === "" && REMEDIES[cause] !== "chain" && REMEDIES[cause] !== "time" ? onlyNameless(cause) : REMEDIES[cause]
  ) {
    case "add":
      if (!may("write", "/users")) return null
      return (
        <LinkButton kind="primary" icon="add" href={`${href("/add")}?name=${encodeURIComponent(name)}`}>
          {t().add(name)}
        </LinkButton>
      )
    case "enable":
      return may("write", `/users/${name}`) ? <Enable name={name} /> : null
    case "password":
      return (
        <LinkButton kind="primary" icon="key" href={`${device}?act=password`}>
          {t().password}
        </LinkButton>
      )
    case "certificate":
      return (
        <LinkButton kind="primary" icon="certificate" href={`${device}?act=certificate`}>
          {t().certificate}
        </LinkButton>
      )
    case "trust":
      return (
        <LinkButton kind="primary" icon="certificate" href={href("/certificates")}>
          {t().trust}
        </LinkButton>
      )
    case "time":
      return (
        <LinkButton kind="primary" icon="clock" href={href("/system")}>
          {t().time}
        </LinkButton>
      )
    case "person":
      return (
        <LinkButton kind="primary" icon="people" href={href("/people")}>
          {t().person}
        </LinkButton>
      )
    case "chain":
      return (
        <LinkButton icon="download" href="/api/v1/authority" download="gatehouse-ca.pem">
          {t().chain}
        </LinkButton>
      )
    case "rights":
      return here ? null : (
        <LinkButton kind="primary" href={device}>
          {t().rights}
        </LinkButton>
      )
    case "look":
      return here ? null : (
        <LinkButton kind="primary" href={device}>
          {t().look}
        </LinkButton>
      )
    default:
      return null
  }
}

/** Without a name there is no device to open. */
function onlyNameless(cause: RefusalCause) {
  return REMEDIES[cause] === "add" || REMEDIES[cause] === "trust" ? REMEDIES[cause] : undefined
}

export function Enable({ name }: { readonly name: string }) {
  const { run, busy, refused } = useAction(async () => {
    await confirmed(() => send("PATCH", `/users/${encodeURIComponent(name)}`, { enabled: true }))
    announce(t().enabled(name))
  })
  return (
    <>
      <Button kind="primary" icon="check" busy={busy.value} onClick={() => void run()}>
        {t().enable(name)}
      </Button>
      <Refusal of={refused.value} />
    </>
  )
}
