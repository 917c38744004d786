import { useState } from "preact/hooks"
import { useAction } from "../action.ts"
import { send } from "../api.ts"
import { confirmed } from "../confirmation.tsx"
import { announce } from "../parts/announce.tsx"
import { Button } from "../parts/button.tsx"
import { Card } from "../parts/card.tsx"
import { Dialog } from "../parts/dialog.tsx"
import { Notice, Refusal } from "../parts/notice.tsx"
import { go } from "../router.ts"
import { may } from "../session.ts"
import { words } from "../words.ts"

const t = words({
  en: {
    title: "Take out of service",
    hint: "A disabled device is turned away, and everything about it is kept. A removed one is forgotten, and its certificates are revoked.",
    disable: "Disable",
    disabled: (name: string) => `${name} is disabled.`,
    remove: "Remove",
    removeTitle: (name: string) => `Remove ${name}?`,
    removeHint:
      "Its session ends at once, and its certificates are revoked for good. To let it in again it has to be added anew.",
    removed: (name: string) => `${name} is removed.`,
    no: "Keep it",
  },
  de: {
    title: "Außer Betrieb nehmen",
    hint: "Ein gesperrtes Gerät wird abgewiesen, alles andere bleibt erhalten. Ein entferntes ist vergessen, seine Zertifikate sind widerrufen.",
    disable: "Sperren",
    disabled: (name: string) => `${name} ist gesperrt.`,
    remove: "Entfernen",
    removeTitle: (name: string) => `${name} entfernen?`,
    removeHint:
      "Seine Sitzung endet sofort, seine Zertifikate sind endgültig widerrufen. Um es wieder hereinzulassen, muss es neu hinzugefügt werden.",
    removed: (name: string) => `${name} ist entfernt.`,
    no: "Behalten",
  },
})

export interface DeviceDangerProps {
  readonly name: string
  readonly isDisabled: boolean
  readonly onChange: () => Promise<void>
}

export function DeviceDanger({ name, isDisabled, onChange }: DeviceDangerProps) {
  const [asking, setAsking] = useState(false)
  const path = `/users/${encodeURIComponent(name)}`
  const disable = useAction(async () => {
    await confirmed(() => send("PATCH", path, { enabled: false }))
    announce(t().disabled(name))
    await onChange()
  })
  const remove = useAction(async () => {
    await confirmed(() => send("DELETE", path))
    announce(t().removed(name))
    go("/devices")
  })
  if (!may("write", `/users/${name}`)) return null
  const refused = disable.refused.value ?? remove.refused.value
  return (
    <Card title={t().title}>
      <p class="muted">{t().hint}</p>
      {refused && !asking && (
        <Notice kind="bad" urgent>
          {refused.message}
        </Notice>
      )}
      <div class="actions">
        {!isDisabled && (
          <Button busy={disable.busy.value} onClick={() => void disable.run()}>
            {t().disable}
          </Button>
        )}
        <Button kind="danger" onClick={() => setAsking(true)}>
          {t().remove}
        </Button>
      </div>
      {asking && (
        <Dialog title={t().removeTitle(name)} onClose={() => setAsking(false)}>
          <p>{t().removeHint}</p>
          <Refusal of={refused} />
          <div class="actions">
            <Button kind="danger" busy={remove.busy.value} onClick={() => void remove.run()}>
              {t().remove}
            </Button>
            <Button onClick={() => setAsking(false)}>{t().no}</Button>
          </div>
        </Dialog>
      )}
    </Card>
  )
}
