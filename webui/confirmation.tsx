import { signal } from "@preact/signals"
import { useState } from "preact/hooks"
import { useAction } from "./action.ts"
import { Refused, send } from "./api.ts"
import { Button } from "./parts/button.tsx"
import { Dialog } from "./parts/dialog.tsx"
import { TextField } from "./parts/field.tsx"
import { session } from "./session.ts"
import { words } from "./words.ts"

const t = words({
  en: {
    title: "Your password again",
    why: "This changes who may use the gateway. Give your password once more; it then counts for five minutes.",
    password: (name: string) => `Password of ${name}`,
    go: "Continue",
    no: "Cancel",
  },
  de: {
    title: "Kennwort noch einmal",
    why: "Dies ändert, wer das Gateway benutzen darf. Bitte das Kennwort noch einmal eingeben; es gilt dann fünf Minuten.",
    password: (name: string) => `Kennwort von ${name}`,
    go: "Weiter",
    no: "Abbrechen",
  },
})

const waiting = signal<((given: boolean) => void) | undefined>(undefined)

/** Does something that the gateway may want the password for once more, asks for it then, and does it again. */
export async function confirmed<T>(act: () => Promise<T>): Promise<T> {
  try {
    return await act()
  } catch (error) {
    if (!(error instanceof Refused && error.code === "confirmation-needed")) throw error
    const given = await new Promise<boolean>((resolve) => {
      waiting.value = resolve
    })
    if (!given) throw error
    return act()
  }
}

/** Stands in the frame once, and shows itself when somebody asks. */
export function PasswordDialog() {
  return waiting.value === undefined ? null : <Asking onDone={finish} />
}

function finish(given: boolean): void {
  waiting.value?.(given)
  waiting.value = undefined
}

function Asking({ onDone }: { readonly onDone: (given: boolean) => void }) {
  const [password, setPassword] = useState("")
  const { run, busy, refused } = useAction(async () => {
    await send("POST", "/session/confirm", { password })
    onDone(true)
  })
  const username = session.value?.username ?? ""
  return (
    <Dialog title={t().title} onClose={() => onDone(false)}>
      <p>{t().why}</p>
      <form
        onSubmit={(event) => {
          event.preventDefault()
          void run()
        }}
      >
        <input
          class="unseen"
          type="text"
          autocomplete="username"
          value={username}
          readOnly
          tabIndex={-1}
          aria-hidden="true"
        />
        <TextField
          label={t().password(username)}
          value={password}
          onInput={setPassword}
          error={refused.value?.message}
          input={{ type: "password", autocomplete: "current-password", required: true }}
        />
        <div class="actions">
          <Button type="submit" kind="primary" busy={busy.value}>
            {t().go}
          </Button>
          <Button onClick={() => onDone(false)}>{t().no}</Button>
        </div>
      </form>
    </Dialog>
  )
}
