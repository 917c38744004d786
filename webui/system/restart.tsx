import { useState } from "preact/hooks"
import { useAction } from "../action.ts"
import { send } from "../api.ts"
import { confirmed } from "../confirmation.tsx"
import { Button } from "../parts/button.tsx"
import { Card } from "../parts/card.tsx"
import { Dialog } from "../parts/dialog.tsx"
import { Notice, Refusal } from "../parts/notice.tsx"
import { words } from "../words.ts"

const t = words({
  en: {
    title: "Restart the service",
    why: "Devices are away for a few seconds and come back by themselves. You are signed out, as every person is.",
    restart: "Restart",
    sure: "Restart the service?",
    no: "Cancel",
    done: "It restarts. This page comes back by itself.",
  },
  de: {
    title: "Dienst neu starten",
    why: "Geräte sind ein paar Sekunden weg und kommen von selbst wieder. Sie werden abgemeldet, wie jede Person.",
    restart: "Neu starten",
    sure: "Den Dienst neu starten?",
    no: "Abbrechen",
    done: "Er startet neu. Diese Seite kommt von selbst wieder.",
  },
})

export function Restart() {
  const [asked, setAsked] = useState(false)
  const [done, setDone] = useState(false)
  const restarting = useAction(async () => {
    setAsked(false)
    await confirmed(() => send("POST", "/restart"))
    setDone(true)
  })
  return (
    <Card title={t().title}>
      <p class="muted">{t().why}</p>
      <Refusal of={restarting.refused.value} />
      {done && (
        <Notice kind="ok" urgent>
          <p>{t().done}</p>
        </Notice>
      )}
      <div class="actions">
        <Button icon="refresh" busy={restarting.busy.value} onClick={() => setAsked(true)}>
          {t().restart}
        </Button>
      </div>
      {asked && (
        <Dialog title={t().sure} onClose={() => setAsked(false)}>
          <p>{t().why}</p>
          <div class="actions">
            <Button kind="danger" onClick={() => void restarting.run()}>
              {t().restart}
            </Button>
            <Button onClick={() => setAsked(false)}>{t().no}</Button>
          </div>
        </Dialog>
      )}
    </Card>
  )
}
