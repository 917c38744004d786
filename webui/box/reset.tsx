import { useState } from "preact/hooks"
import { useAction } from "../action.ts"
import { send } from "../api.ts"
import { confirmed } from "../confirmation.tsx"
import { Button } from "../parts/button.tsx"
import { Card } from "../parts/card.tsx"
import { Choice, TextField } from "../parts/field.tsx"
import { Refusal } from "../parts/notice.tsx"
import { words } from "../words.ts"
import type { BoxProps } from "./box.ts"
import { latestOf, OutcomeNotice } from "./outcome.tsx"

const t = words({
  en: {
    restart: "Restart the box",
    title: "Factory reset",
    what: "What to forget",
    settings: "The settings",
    settingsHint: "The network goes back to DHCP; users, roles and certificates stay.",
    everything: "Everything",
    everythingHint: "Users, certificates and keys go too. Every device needs a new certificate. This cannot be undone.",
    name: "Name of this box, to be sure",
    reset: "Reset",
  },
  de: {
    restart: "Box neu starten",
    title: "Zurücksetzen",
    what: "Was vergessen wird",
    settings: "Die Einstellungen",
    settingsHint: "Das Netzwerk steht wieder auf DHCP; Benutzer, Rollen und Zertifikate bleiben.",
    everything: "Alles",
    everythingHint:
      "Auch Benutzer, Zertifikate und Schlüssel gehen. Jedes Gerät braucht ein neues Zertifikat. Das ist endgültig.",
    name: "Name dieser Box, zur Sicherheit",
    reset: "Zurücksetzen",
  },
})

/** The two acts that nobody should come upon by accident. */
export function Reset({ box, reload }: BoxProps) {
  const [scope, setScope] = useState<"settings" | "everything">("settings")
  const [name, setName] = useState("")
  const reset = useAction(async () => {
    await confirmed(() => send("POST", "/appliance/factory-reset", { scope, name }))
    await reload()
  })
  const restart = useAction(async () => {
    await confirmed(() => send("POST", "/appliance/restart"))
    await reload()
  })
  const latest = latestOf(box.requests, "factory-reset", "restart")
  const wrong = reset.refused.value ?? restart.refused.value
  return (
    <Card title={t().title} kind="danger">
      {latest && <OutcomeNotice outcome={latest} />}
      <Refusal of={wrong} />
      <form
        onSubmit={(event) => {
          event.preventDefault()
          void reset.run()
        }}
      >
        <Choice
          legend={t().what}
          value={scope}
          onChange={setScope}
          options={[
            { value: "settings", label: t().settings, hint: t().settingsHint },
            { value: "everything", label: t().everything, hint: t().everythingHint },
          ]}
        />
        <TextField label={t().name} value={name} onInput={setName} input={{ required: true, autocomplete: "off" }} />
        <div class="actions">
          <Button type="submit" kind="danger" busy={reset.busy.value}>
            {t().reset}
          </Button>
          <Button busy={restart.busy.value} onClick={() => void restart.run()}>
            {t().restart}
          </Button>
        </div>
      </form>
    </Card>
  )
}
