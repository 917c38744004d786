import { Card } from "../parts/card.tsx"
import { words } from "../words.ts"
import type { Shown } from "./shown.ts"

const t = words({
  en: {
    title: "What it may do",
    none: "Nothing: it can connect, but neither send nor receive. Give it a role under People.",
    read: "Receive",
    write: "Send",
    readWrite: "Send and receive",
    byRole: (role: string) => `by the role ${role}`,
    own: "its own permission",
    prefix: (prefix: string) => `Everything it sends goes below ${prefix}.`,
    topic: "Topics",
    operation: "May",
    source: "From",
  },
  de: {
    title: "Was es darf",
    none: "Nichts: Es kann sich verbinden, aber weder senden noch empfangen. Unter Personen eine Rolle geben.",
    read: "Empfangen",
    write: "Senden",
    readWrite: "Senden und empfangen",
    byRole: (role: string) => `durch die Rolle ${role}`,
    own: "eigene Berechtigung",
    prefix: (prefix: string) => `Alles, was es sendet, geht unter ${prefix}.`,
    topic: "Topics",
    operation: "Darf",
    source: "Woher",
  },
})

/** Its permissions as they work for this very device, and where it has each from. */
export function DeviceRights({ shown }: { readonly shown: Shown }) {
  const { device, rights, publishPrefix } = shown
  const mqtt = rights.filter(({ permission }) => permission.context === "mqtt")
  return (
    <Card title={t().title}>
      {mqtt.length === 0 ? (
        <p>{t().none}</p>
      ) : (
        <table>
          <thead>
            <tr>
              <th>{t().operation}</th>
              <th>{t().topic}</th>
              <th>{t().source}</th>
            </tr>
          </thead>
          <tbody>
            {mqtt.map(({ permission, role }) => (
              <tr key={`${permission.operation} ${permission.resource} ${role}`}>
                <td>{t()[permission.operation]}</td>
                <td>
                  <code>{filledIn(permission.resource, device.username)}</code>
                </td>
                <td>{role === undefined ? t().own : t().byRole(role)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      {publishPrefix && <p>{t().prefix(publishPrefix)}</p>}
    </Card>
  )
}

function filledIn(resource: string, username: string): string {
  return resource
    .split("/")
    .map((level) => (level === "%u" ? username : level))
    .join("/")
}
