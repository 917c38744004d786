import type { previewAnswer } from "../../service/http/contract.ts"
import { Notice } from "../parts/notice.tsx"
import { words } from "../words.ts"

type Preview = (typeof previewAnswer)["_output"]

const t = words({
  en: {
    none: "No connected device would notice this change.",
    some: (total: number) =>
      total === 1
        ? "One connected client would notice this change:"
        : `${total} connected clients would notice this change:`,
    disconnected: "is disconnected",
    lost: "no longer receives",
    opened: "may from now on send to",
    more: (count: number) => `and ${count} more`,
  },
  de: {
    none: "Kein verbundenes Gerät würde diese Änderung bemerken.",
    some: (total: number) =>
      total === 1
        ? "Ein verbundener Client würde diese Änderung bemerken:"
        : `${total} verbundene Clients würden diese Änderung bemerken:`,
    disconnected: "wird getrennt",
    lost: "empfängt nicht mehr",
    opened: "darf von jetzt an senden an",
    more: (count: number) => `und ${count} weitere`,
  },
})

const SHOWN = 20

/** What a change that is not made yet would do to those who are connected. */
export function Effects({ preview }: { readonly preview: Preview }) {
  const { total, clients } = preview
  return (
    <Notice kind={total === 0 ? "ok" : "warn"} urgent>
      <p>{total === 0 ? t().none : t().some(total)}</p>
      {total > 0 && (
        <ul>
          {clients.slice(0, SHOWN).map(({ clientId, username, disconnected, lost, opened }) => (
            <li key={clientId}>
              <strong>{username}</strong> ({clientId}){" "}
              {[
                disconnected === undefined ? "" : t().disconnected,
                lost.length === 0 ? "" : `${t().lost} ${lost.join(", ")}`,
                opened.length === 0 ? "" : `${t().opened} ${opened.join(", ")}`,
              ]
                .filter((part) => part !== "")
                .join("; ")}
            </li>
          ))}
          {total > SHOWN && <li>{t().more(total - SHOWN)}</li>}
        </ul>
      )}
    </Notice>
  )
}
