import { useState } from "preact/hooks"
import { clockTime, number } from "../format.ts"
import { Publish } from "../messages/publish.tsx"
import { type Seen, useWatch } from "../messages/watch.ts"
import { Button } from "../parts/button.tsx"
import { Empty } from "../parts/card.tsx"
import { TextField } from "../parts/field.tsx"
import { Notice } from "../parts/notice.tsx"
import { PageHead } from "../parts/page-head.tsx"
import { may, session } from "../session.ts"
import { words } from "../words.ts"

const t = words({
  en: {
    title: "Messages",
    lead: "What devices send, as it comes. You see the topics that your own permissions let you read.",
    filter: "Topics",
    filterHint: "# is all, + is any one level: devices/+/temperature",
    show: "Show",
    pause: "Pause",
    resume: "Go on",
    view: "Show as",
    byTopic: "Latest of each topic",
    stream: "One after the other",
    rate: (perSecond: string, total: string) => `${perSecond} per second, ${total} since you began`,
    paused: "Paused. What comes meanwhile is not shown.",
    sample: "More come than can be read: this is a sample, the counter counts all.",
    none: "Nothing has come yet. As soon as a device sends to a topic that you may read, it stands here.",
    noRight: "You may read no topic. An administrator can give you a permission or a role that has one.",
    refused:
      "The gateway shows no more messages to you now: your permissions have changed, or too many pages show messages. Close one and try again.",
    again: "Try again",
    retained: "retained",
    cut: (bytes: string) => `… ${bytes} bytes in all`,
    empty: "empty",
    from: "from",
    hex: "bytes in hex",
  },
  de: {
    title: "Nachrichten",
    lead: "Was die Geräte senden, sobald es kommt. Sie sehen die Themen, die Ihre eigenen Berechtigungen Sie lesen lassen.",
    filter: "Themen (Topics)",
    filterHint: "# steht für alle, + für eine beliebige Ebene: devices/+/temperature",
    show: "Anzeigen",
    pause: "Anhalten",
    resume: "Weiter",
    view: "Ansicht",
    byTopic: "Neueste je Thema",
    stream: "Nacheinander",
    rate: (perSecond: string, total: string) => `${perSecond} pro Sekunde, ${total} seit Beginn`,
    paused: "Angehalten. Was inzwischen kommt, wird nicht gezeigt.",
    sample: "Es kommt mehr, als man lesen kann: Dies ist eine Auswahl, der Zähler zählt alles.",
    none: "Noch ist nichts gekommen. Sobald ein Gerät an ein Thema sendet, das Sie lesen dürfen, steht es hier.",
    noRight:
      "Sie dürfen kein Thema lesen. Ein Administrator kann Ihnen eine Berechtigung oder eine passende Rolle geben.",
    refused:
      "Das Gateway zeigt Ihnen jetzt keine Nachrichten mehr: Ihre Berechtigungen haben sich geändert, oder zu viele Seiten zeigen Nachrichten. Bitte eine schließen und noch einmal versuchen.",
    again: "Noch einmal versuchen",
    retained: "aufbewahrt",
    cut: (bytes: string) => `… insgesamt ${bytes} Byte`,
    empty: "leer",
    from: "von",
    hex: "Bytes, hexadezimal",
  },
})

type View = "topics" | "stream"

export function Page() {
  const mayRead = session.value?.permissions.some(
    ({ context, operation }) => context === "mqtt" && operation !== "write",
  )
  return (
    <>
      <PageHead title={t().title} lead={t().lead} />
      {mayRead ? (
        <Watch />
      ) : (
        <Notice kind="warn">
          <p>{t().noRight}</p>
        </Notice>
      )}
      {may("write", "/messages") && <Publish />}
    </>
  )
}

function Watch() {
  const [typed, setTyped] = useState("#")
  const [filter, setFilter] = useState("#")
  const [paused, setPaused] = useState(false)
  const [view, setView] = useState<View>("topics")
  const watch = useWatch(filter, paused)
  const shown = view === "stream" ? watch.latest.value : [...watch.topics.value.values()].sort(byTopic)
  const rate = watch.perSecond.value
  return (
    <>
      <form
        class="tools"
        onSubmit={(event) => {
          event.preventDefault()
          setFilter(typed.trim() || "#")
          setPaused(false)
        }}
      >
        <TextField
          label={t().filter}
          hint={t().filterHint}
          value={typed}
          onInput={setTyped}
          input={{ autocomplete: "off" }}
        />
        <div class="actions">
          <Button type="submit">{t().show}</Button>
          <Button pressed={paused} onClick={() => setPaused(!paused)}>
            {paused ? t().resume : t().pause}
          </Button>
        </div>
      </form>
      <fieldset class="segments bare">
        <legend class="unseen">{t().view}</legend>
        {(["topics", "stream"] as const).map((one) => (
          <button key={one} type="button" aria-pressed={view === one} onClick={() => setView(one)}>
            {one === "topics" ? t().byTopic : t().stream}
          </button>
        ))}
      </fieldset>
      {watch.state.value === "refused" ? (
        <Notice kind="warn" urgent>
          <p>{t().refused}</p>
          <Button icon="refresh" onClick={() => location.reload()}>
            {t().again}
          </Button>
        </Notice>
      ) : (
        <p class="muted numbers">
          {paused ? t().paused : t().rate(number(rate), number(watch.total.value))}
          {!paused && rate > 100 && ` · ${t().sample}`}
        </p>
      )}
      {shown.length === 0 ? (
        <Empty>
          <p>{t().none}</p>
        </Empty>
      ) : (
        <ul class="rows messages">
          {shown.map((message) => (
            <MessageRow key={view === "stream" ? message.key : message.topic} message={message} />
          ))}
        </ul>
      )}
    </>
  )
}

function byTopic(a: Seen, b: Seen): number {
  return a.topic < b.topic ? -1 : 1
}

function MessageRow({ message }: { readonly message: Seen }) {
  const { topic, at, client, payload, encoding, bytes, cut, retain } = message
  return (
    <li class="message">
      <p class="message-head">
        <span class="code message-topic">{topic}</span>
        <span class="muted small numbers">
          {clockTime(at)}
          {retain && ` · ${t().retained}`}
          {client !== "" && ` · ${t().from} ${client}`}
          {encoding === "hex" && ` · ${t().hex}`}
        </span>
      </p>
      <pre>
        {bytes === 0 ? <span class="muted">{t().empty}</span> : encoding === "hex" ? spaced(payload) : payload}
        {cut && <span class="muted"> {t().cut(number(bytes))}</span>}
      </pre>
    </li>
  )
}

/** Pairs, so that a line can break between bytes. */
function spaced(hex: string): string {
  return hex.replace(/(..)(?=.)/g, "$1 ")
}
