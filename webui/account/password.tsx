import { useState } from "preact/hooks"
import { useAction } from "../action.ts"
import { Refused, send } from "../api.ts"
import { announce } from "../parts/announce.tsx"
import { Button } from "../parts/button.tsx"
import { Card } from "../parts/card.tsx"
import { TextField } from "../parts/field.tsx"
import { Notice } from "../parts/notice.tsx"
import { session } from "../session.ts"
import { words } from "../words.ts"

const t = words({
  en: {
    title: "Password",
    current: "Present password",
    next: "New password",
    nextHint: "At least 12 characters. A sentence is easy to remember and hard to guess.",
    again: "New password again",
    differ: "The two differ.",
    change: "Change the password",
    done: "Your password is changed. Every other session and every token of yours has ended.",
  },
  de: {
    title: "Kennwort",
    current: "Jetziges Kennwort",
    next: "Neues Kennwort",
    nextHint: "Mindestens 12 Zeichen. Ein Satz ist leicht zu merken und schwer zu erraten.",
    again: "Neues Kennwort noch einmal",
    differ: "Die beiden sind verschieden.",
    change: "Kennwort ändern",
    done: "Ihr Kennwort ist geändert. Alle anderen Sitzungen und alle Ihre Token sind beendet.",
  },
})

export function Password({ onChanged }: { readonly onChanged: () => void }) {
  const [current, setCurrent] = useState("")
  const [next, setNext] = useState("")
  const [again, setAgain] = useState("")
  const [done, setDone] = useState(false)
  const changing = useAction(async () => {
    setDone(false)
    if (next !== again) throw new Refused(0, { code: "bad-request", detail: t().differ })
    await send("PUT", "/account/password", { current, next })
    for (const clear of [setCurrent, setNext, setAgain]) clear("")
    setDone(true)
    announce(t().done)
    onChanged()
  })
  const refused = changing.refused.value
  const isWrong = refused?.code === "wrong-password"
  const field = { type: "password", required: true, maxLength: 256 } as const
  return (
    <Card title={t().title}>
      <form
        onSubmit={(event) => {
          event.preventDefault()
          void changing.run()
        }}
      >
        <input
          class="unseen"
          type="text"
          autocomplete="username"
          value={session.value?.username}
          readOnly
          tabIndex={-1}
          aria-hidden="true"
        />
        <TextField
          label={t().current}
          value={current}
          onInput={setCurrent}
          error={isWrong ? refused.message : undefined}
          input={{ ...field, autocomplete: "current-password" }}
        />
        <TextField
          label={t().next}
          hint={t().nextHint}
          value={next}
          onInput={setNext}
          error={isWrong ? undefined : refused?.message}
          input={{ ...field, autocomplete: "new-password" }}
        />
        <TextField
          label={t().again}
          value={again}
          onInput={setAgain}
          input={{ ...field, autocomplete: "new-password" }}
        />
        {done && (
          <Notice kind="ok">
            <p>{t().done}</p>
          </Notice>
        )}
        <div class="actions">
          <Button type="submit" kind="primary" busy={changing.busy.value}>
            {t().change}
          </Button>
        </div>
      </form>
    </Card>
  )
}
