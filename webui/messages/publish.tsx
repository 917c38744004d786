import { useState } from "preact/hooks"
import type { publishAnswer } from "../../service/http/contract-messages.ts"
import { useAction } from "../action.ts"
import { send } from "../api.ts"
import { announce } from "../parts/announce.tsx"
import { Button } from "../parts/button.tsx"
import { Card } from "../parts/card.tsx"
import { Check, Select, TextArea, TextField } from "../parts/field.tsx"
import { Notice } from "../parts/notice.tsx"
import { words } from "../words.ts"

const t = words({
  en: {
    title: "Send a test message",
    topic: "Topic",
    topicHint: "Such as devices/pump-1/set. You can send where your own permissions allow it.",
    payload: "Content",
    retain: "Retain",
    retainHint:
      "The gateway keeps it, and gives it to everyone who subscribes later. An empty content removes it again.",
    qos: "Delivery",
    qos0: "At most once (QoS 0)",
    qos1: "At least once (QoS 1)",
    qos2: "Exactly once (QoS 2)",
    send: "Send",
    sent: (topic: string, receivers: number) =>
      receivers === 0
        ? `Sent to ${topic}. Nobody is subscribed to it.`
        : `Sent to ${topic}, to ${receivers === 1 ? "one subscriber" : `${receivers} subscribers`}.`,
  },
  de: {
    title: "Testnachricht senden",
    topic: "Thema (Topic)",
    topicHint: "Zum Beispiel devices/pump-1/set. Senden können Sie, wo Ihre eigenen Berechtigungen es erlauben.",
    payload: "Inhalt",
    retain: "Aufbewahren (Retain)",
    retainHint:
      "Das Gateway behält sie und gibt sie jedem, der später abonniert. Ein leerer Inhalt entfernt sie wieder.",
    qos: "Zustellung",
    qos0: "Höchstens einmal (QoS 0)",
    qos1: "Mindestens einmal (QoS 1)",
    qos2: "Genau einmal (QoS 2)",
    send: "Senden",
    sent: (topic: string, receivers: number) =>
      receivers === 0
        ? `An ${topic} gesendet. Niemand hat es abonniert.`
        : `An ${topic} gesendet, an ${receivers === 1 ? "einen Abonnenten" : `${receivers} Abonnenten`}.`,
  },
})

export function Publish() {
  const [topic, setTopic] = useState("")
  const [payload, setPayload] = useState("")
  const [retain, setRetain] = useState(false)
  const [qos, setQos] = useState<"0" | "1" | "2">("1")
  const [sent, setSent] = useState("")
  const { run, busy, refused } = useAction(async () => {
    setSent("")
    const answer = await send<typeof publishAnswer>("POST", "/messages", { topic, payload, retain, qos: Number(qos) })
    const said = t().sent(answer.topic, answer.receivers)
    setSent(said)
    announce(said)
  })
  return (
    <Card title={t().title}>
      <form
        onSubmit={(event) => {
          event.preventDefault()
          void run()
        }}
      >
        <TextField
          label={t().topic}
          hint={t().topicHint}
          value={topic}
          onInput={setTopic}
          error={refused.value?.message}
          input={{ required: true, maxLength: 1024, autocomplete: "off" }}
        />
        <TextArea label={t().payload} value={payload} onInput={setPayload} rows={3} code />
        <Select
          label={t().qos}
          value={qos}
          onChange={setQos}
          options={[
            { value: "0", label: t().qos0 },
            { value: "1", label: t().qos1 },
            { value: "2", label: t().qos2 },
          ]}
        />
        <Check label={t().retain} hint={t().retainHint} checked={retain} onChange={setRetain} />
        <div class="actions">
          <Button type="submit" kind="primary" busy={busy.value}>
            {t().send}
          </Button>
        </div>
        {sent !== "" && (
          <Notice kind="ok">
            <p>{sent}</p>
          </Notice>
        )}
      </form>
    </Card>
  )
}
