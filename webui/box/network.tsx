import { useState } from "preact/hooks"
import type { ApplianceRequest } from "../../service/http/contract-appliance.ts"
import { useAction } from "../action.ts"
import { send } from "../api.ts"
import { confirmed } from "../confirmation.tsx"
import { now } from "../format.ts"
import { Button } from "../parts/button.tsx"
import { Card } from "../parts/card.tsx"
import { Choice, TextField } from "../parts/field.tsx"
import { Notice } from "../parts/notice.tsx"
import { words } from "../words.ts"
import type { BoxProps } from "./box.ts"
import { isOpen, latestOf, OutcomeNotice } from "./outcome.tsx"

const t = words({
  en: {
    title: "Network",
    how: "Address",
    dhcp: "Automatic",
    dhcpHint: "The network's router gives it one (DHCP).",
    fixed: "Fixed",
    fixedHint: "One that the network's administrator gave you.",
    address: "Address with the network's length",
    gateway: "Router",
    dns: "Name servers",
    ntp: "Time servers",
    optional: "May stay empty; several are separated by spaces.",
    safe: "The change is undone after 60 seconds unless you confirm it, best from the new address. So you cannot lock yourself out.",
    apply: "Try the change",
    keep: "Keep this change",
    seconds: (seconds: number) => `${seconds} s left`,
  },
  de: {
    title: "Netzwerk",
    how: "Adresse",
    dhcp: "Automatisch",
    dhcpHint: "Der Router im Netz vergibt eine (DHCP).",
    fixed: "Fest",
    fixedHint: "Eine, die die Netzverwaltung genannt hat.",
    address: "Adresse mit Länge des Netzes",
    gateway: "Router",
    dns: "Namensserver",
    ntp: "Zeitserver",
    optional: "Darf leer bleiben; mehrere werden durch Leerzeichen getrennt.",
    safe: "Die Änderung wird nach 60 Sekunden zurückgenommen, wenn sie nicht bestätigt wird, am besten von der neuen Adresse aus. So kann man sich nicht aussperren.",
    apply: "Änderung ausprobieren",
    keep: "Änderung behalten",
    seconds: (seconds: number) => `noch ${seconds} s`,
  },
})

interface Fields {
  readonly method: "dhcp" | "static"
  readonly address: string
  readonly gateway: string
  readonly dns: string
  readonly ntp: string
}

/** How the box is reached; a change that cuts its person off takes itself back. */
export function Network({ box, reload }: BoxProps) {
  const [fields, setFields] = useState<Fields>(() => fieldsOf(box.network))
  const { run, busy, refused } = useAction(async () => {
    await confirmed(() => send("PUT", "/appliance/network", settingsOf(fields)))
    await reload()
  })
  const latest = latestOf(box.requests, "set-network")
  const field = (name: Exclude<keyof Fields, "method">, place: string, hint?: string, placeholder?: string) => (
    <TextField
      label={t()[name]}
      hint={hint}
      value={fields[name]}
      onInput={(value) => setFields({ ...fields, [name]: value })}
      error={refused.value?.places.get(place)}
      {...(placeholder && { input: { placeholder } })}
    />
  )
  return (
    <Card title={t().title}>
      {latest && <OutcomeNotice outcome={latest} />}
      {latest && isOpen(latest) && <Keep request={latest} reload={reload} />}
      <form
        onSubmit={(event) => {
          event.preventDefault()
          void run()
        }}
      >
        <Choice
          legend={t().how}
          value={fields.method}
          onChange={(method) => setFields({ ...fields, method })}
          options={[
            { value: "dhcp", label: t().dhcp, hint: t().dhcpHint },
            { value: "static", label: t().fixed, hint: t().fixedHint },
          ]}
        />
        {fields.method === "static" && (
          <>
            {field("address", "ipv4.address", undefined, "192.0.2.10/24")}
            {field("gateway", "ipv4.gateway", undefined, "192.0.2.1")}
          </>
        )}
        {field("dns", "dns.0", t().optional)}
        {field("ntp", "ntp.0", t().optional)}
        <p class="hint">{t().safe}</p>
        {refused.value && refused.value.places.size === 0 && <Notice kind="bad">{refused.value.message}</Notice>}
        <div class="actions">
          <Button type="submit" busy={busy.value}>
            {t().apply}
          </Button>
        </div>
      </form>
    </Card>
  )
}

function Keep({ request, reload }: { readonly request: ApplianceRequest; readonly reload: () => Promise<void> }) {
  const { run, busy, refused } = useAction(async () => {
    await send("POST", "/appliance/network/confirm", { request: request.id })
    await reload()
  })
  if (request.step !== "waiting-for-confirmation") return null
  const left = Math.max(0, Math.round((Date.parse(request.confirmBy ?? "") - now.value) / 1000))
  return (
    <>
      {refused.value && <Notice kind="bad">{refused.value.message}</Notice>}
      <div class="actions">
        <Button kind="primary" busy={busy.value} onClick={() => void run()}>
          {t().keep}
        </Button>
        {Number.isFinite(left) && <span>{t().seconds(left)}</span>}
      </div>
    </>
  )
}

function fieldsOf(network: Readonly<Record<string, unknown>> | undefined): Fields {
  const ipv4 = (network?.ipv4 ?? {}) as Partial<Record<"method" | "address" | "gateway", string>>
  const list = (value: unknown) => (Array.isArray(value) ? value.join(" ") : "")
  return {
    method: ipv4.method === "static" ? "static" : "dhcp",
    ...{ address: ipv4.address ?? "", gateway: ipv4.gateway ?? "" },
    ...{ dns: list(network?.dns), ntp: list(network?.ntp) },
  }
}

function settingsOf({ method, address, gateway, dns, ntp }: Fields): unknown {
  const list = (text: string) => text.split(/[\s,]+/).filter((part) => part !== "")
  const servers = { ...(list(dns).length > 0 && { dns: list(dns) }), ...(list(ntp).length > 0 && { ntp: list(ntp) }) }
  if (method === "dhcp") return { ipv4: { method }, ...servers }
  return { ipv4: { method, address: address.trim(), ...(gateway.trim() && { gateway: gateway.trim() }) }, ...servers }
}
