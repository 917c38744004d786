import { useState } from "preact/hooks"
import { useAction } from "../action.ts"
import { send } from "../api.ts"
import { confirmed } from "../confirmation.tsx"
import { makePassword } from "../download.ts"
import { Button } from "../parts/button.tsx"
import { Card } from "../parts/card.tsx"
import { Notice, Refusal } from "../parts/notice.tsx"
import { Secret } from "../parts/secret.tsx"
import { may } from "../session.ts"
import { words } from "../words.ts"

const t = words({
  en: {
    title: "Password",
    hint: "It signs in with its name and a password.",
    set: "Set a new password",
    sure: "The old password stops working at once, and the device is disconnected until it has the new one.",
    go: "Make a new password",
    no: "Cancel",
    shown: "Its new password, shown only now",
    keep: "Enter it on the device now.",
  },
  de: {
    title: "Kennwort",
    hint: "Es meldet sich mit Name und Kennwort an.",
    set: "Neues Kennwort setzen",
    sure: "Das alte Kennwort gilt sofort nicht mehr, und das Gerät ist getrennt, bis es das neue hat.",
    go: "Neues Kennwort erzeugen",
    no: "Abbrechen",
    shown: "Sein neues Kennwort, nur jetzt sichtbar",
    keep: "Jetzt am Gerät eintragen.",
  },
})

export function DevicePassword({ name, isOpen }: { readonly name: string; readonly isOpen: boolean }) {
  const [asking, setAsking] = useState(isOpen)
  const [made, setMade] = useState<string>()
  const { run, busy, refused } = useAction(async () => {
    const password = makePassword()
    await confirmed(() =>
      send("PATCH", `/users/${encodeURIComponent(name)}`, { grant: { kind: "password", password } }),
    )
    setMade(password)
    setAsking(false)
  })
  return (
    <Card title={t().title}>
      <p>{t().hint}</p>
      {made && (
        <Notice kind="ok" urgent>
          <p>
            <strong>{t().shown}</strong>
          </p>
          <Secret value={made} />
          <p>{t().keep}</p>
        </Notice>
      )}
      <Refusal of={refused.value} />
      {may("write", `/users/${name}`) &&
        (asking ? (
          <>
            <p>{t().sure}</p>
            <div class="actions">
              <Button kind="primary" icon="key" busy={busy.value} onClick={() => void run()}>
                {t().go}
              </Button>
              <Button onClick={() => setAsking(false)}>{t().no}</Button>
            </div>
          </>
        ) : (
          <div class="actions">
            <Button icon="key" onClick={() => setAsking(true)}>
              {t().set}
            </Button>
          </div>
        ))}
    </Card>
  )
}
