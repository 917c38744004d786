import { useState } from "preact/hooks"
import type { logAnswer } from "../../service/http/contract-system.ts"
import { get } from "../api.ts"
import { moment } from "../format.ts"
import { Button } from "../parts/button.tsx"
import { Loaded } from "../parts/loaded.tsx"
import { Badge, type Level } from "../parts/state.tsx"
import { useResource } from "../resource.ts"
import { words } from "../words.ts"

const t = words({
  en: {
    level: "Show",
    info: "Everything",
    warn: "Warnings and errors",
    error: "Errors only",
    refresh: "Read anew",
    none: "Nothing of this kind since the gateway was started.",
    lead: "The last 1,000 lines, the newest first. The whole log is on the machine: journalctl -u gatehouse",
    levels: { error: "error", warn: "warning", info: "info", debug: "detail" },
  },
  de: {
    level: "Anzeigen",
    info: "Alles",
    warn: "Warnungen und Fehler",
    error: "Nur Fehler",
    refresh: "Neu lesen",
    none: "Nichts dergleichen seit dem Start des Gateways.",
    lead: "Die letzten 1.000 Zeilen, die neueste zuerst. Das ganze Protokoll liegt auf der Maschine: journalctl -u gatehouse",
    levels: { error: "Fehler", warn: "Warnung", info: "Info", debug: "Detail" },
  },
})

const LEVELS = ["info", "warn", "error"] as const
const SIGN: Readonly<Record<string, Level>> = { error: "bad", warn: "warn", info: "off", debug: "off" }

export function Log() {
  const [level, setLevel] = useState<(typeof LEVELS)[number]>("info")
  const log = useResource((options) => get<typeof logAnswer>(`/log?limit=200&level=${level}`, options), [], [level])
  return (
    <>
      <p class="muted">{t().lead}</p>
      <div class="tools">
        <fieldset class="segments bare">
          <legend class="unseen">{t().level}</legend>
          {LEVELS.map((one) => (
            <button key={one} type="button" aria-pressed={level === one} onClick={() => setLevel(one)}>
              {t()[one]}
            </button>
          ))}
        </fieldset>
        <Button icon="refresh" onClick={() => void log.reload()}>
          {t().refresh}
        </Button>
      </div>
      <Loaded resource={log}>
        {({ entries }) =>
          entries.length === 0 ? (
            <p class="muted">{t().none}</p>
          ) : (
            <ul class="rows">
              {entries.map(({ number, at, level: grade, part, message, fields }) => (
                <li key={number} class="log-line">
                  <p class="log-head">
                    <Badge level={SIGN[grade] ?? "off"}>{t().levels[grade]}</Badge>
                    <span>
                      {part !== "" && `${part}: `}
                      {message}
                    </span>
                    <span class="muted small numbers">{moment(at)}</span>
                  </p>
                  {fields !== "" && <code class="muted">{fields}</code>}
                </li>
              ))}
            </ul>
          )
        }
      </Loaded>
    </>
  )
}
