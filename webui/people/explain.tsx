import { useState } from "preact/hooks"
import type { explainAnswer } from "../../service/http/contract.ts"
import { useAction } from "../action.ts"
import { send } from "../api.ts"
import { Button } from "../parts/button.tsx"
import { Card } from "../parts/card.tsx"
import { Select, TextField } from "../parts/field.tsx"
import { Notice } from "../parts/notice.tsx"
import { sentence } from "../problem.ts"
import { words } from "../words.ts"
import { inWords } from "./permissions.tsx"

type Answer = (typeof explainAnswer)["_output"]

const t = words({
  en: {
    title: "May they?",
    lead: "Ask whether a device or a person may do something, and why.",
    name: "Name",
    operation: "May",
    write: "send to",
    read: "receive",
    topic: "Topic",
    ask: "Ask",
    yes: "Yes.",
    no: "No.",
    by: (role: string | undefined, permission: string) =>
      role === undefined ? `By a permission of their own: ${permission}.` : `By the role ${role}: ${permission}.`,
    why: (because: string) => sentence(because),
  },
  de: {
    title: "Darf er das?",
    lead: "Fragen, ob ein Gerät oder eine Person etwas darf, und warum.",
    name: "Name",
    operation: "Darf",
    write: "senden an",
    read: "empfangen",
    topic: "Thema (Topic)",
    ask: "Fragen",
    yes: "Ja.",
    no: "Nein.",
    by: (role: string | undefined, permission: string) =>
      role === undefined ? `Durch eine eigene Berechtigung: ${permission}.` : `Durch die Rolle ${role}: ${permission}.`,
    why: (because: string) => `Keine Berechtigung und keine Rolle erlaubt es. (${because})`,
  },
})

/** The rules of the broker, asked instead of tried. */
export function Explain() {
  const [username, setUsername] = useState("")
  const [operation, setOperation] = useState<"read" | "write">("write")
  const [topic, setTopic] = useState("")
  const [answer, setAnswer] = useState<Answer>()
  const asking = useAction(async () => {
    setAnswer(undefined)
    setAnswer(await send<typeof explainAnswer>("POST", "/explain", { username, operation, topic }))
  })
  return (
    <Card title={t().title}>
      <p class="muted">{t().lead}</p>
      <form
        onSubmit={(event) => {
          event.preventDefault()
          void asking.run()
        }}
      >
        <TextField
          label={t().name}
          value={username}
          onInput={setUsername}
          input={{ required: true, maxLength: 256, autocomplete: "off" }}
        />
        <Select
          label={t().operation}
          value={operation}
          onChange={setOperation}
          options={[
            { value: "write", label: t().write },
            { value: "read", label: t().read },
          ]}
        />
        <TextField
          label={t().topic}
          value={topic}
          onInput={setTopic}
          error={asking.refused.value?.message}
          input={{ required: true, maxLength: 4096, autocomplete: "off" }}
        />
        <div class="actions">
          <Button type="submit" busy={asking.busy.value}>
            {t().ask}
          </Button>
        </div>
        {answer && (
          <Notice kind={answer.allowed ? "ok" : "bad"} urgent>
            <p>
              <strong>{answer.allowed ? t().yes : t().no}</strong>{" "}
              {answer.permission === undefined
                ? t().why(answer.because)
                : t().by(answer.role, inWords(answer.permission))}
            </p>
          </Notice>
        )}
      </form>
    </Card>
  )
}
