import { useAction } from "../action.ts"
import { send } from "../api.ts"
import { age, number } from "../format.ts"
import { announce } from "../parts/announce.tsx"
import { Button } from "../parts/button.tsx"
import { Card, Fact, Facts } from "../parts/card.tsx"
import { Refusal } from "../parts/notice.tsx"
import { may } from "../session.ts"
import { words } from "../words.ts"
import type { Shown } from "./shown.ts"

const t = words({
  en: {
    title: "Connection",
    id: "Client identifier",
    through: "Came in by",
    since: "Since",
    subscriptions: "Subscriptions",
    none: "none",
    waiting: "Messages waiting for it",
    error: "Last refused request",
    disconnect: "Disconnect",
    disconnected: "Disconnected. It may come back by itself.",
  },
  de: {
    title: "Verbindung",
    id: "Client-Kennung",
    through: "Zugang",
    since: "Seit",
    subscriptions: "Abonnements",
    none: "keine",
    waiting: "Nachrichten in Warteschlange",
    error: "Zuletzt abgelehnte Anfrage",
    disconnect: "Trennen",
    disconnected: "Getrennt. Es kann von selbst wiederkommen.",
  },
})

type Client = Shown["clients"][number]

/** Its live connections: mostly one. */
export function DeviceClients({ clients }: { readonly clients: readonly Client[] }) {
  return (
    <>
      {clients.map((client) => (
        <Card
          key={client.clientId}
          title={t().title}
          aside={may("write", `/clients/${client.clientId}`) && <Disconnect clientId={client.clientId} />}
        >
          <Facts>
            <Fact name={t().id}>
              <code>{client.clientId}</code>
            </Fact>
            <Fact name={t().through}>
              {client.listener}, MQTT {client.protocol}, {client.address}
            </Fact>
            <Fact name={t().since}>{age(client.connectedAt)}</Fact>
            <Fact name={t().subscriptions}>
              {client.subscriptions.length === 0
                ? t().none
                : client.subscriptions.map(({ filter, qos }) => (
                    <div key={filter}>
                      <code>{filter}</code> QoS {qos}
                    </div>
                  ))}
            </Fact>
            <Fact name={t().waiting}>{number(client.queued)}</Fact>
            {client.lastError && (
              <Fact name={t().error}>
                {client.lastError.sentence} ({age(client.lastError.at)})
              </Fact>
            )}
          </Facts>
        </Card>
      ))}
    </>
  )
}

function Disconnect({ clientId }: { readonly clientId: string }) {
  const { run, busy, refused } = useAction(async () => {
    await send("DELETE", `/clients/${encodeURIComponent(clientId)}`)
    announce(t().disconnected)
  })
  return (
    <>
      <Button busy={busy.value} onClick={() => void run()}>
        {t().disconnect}
      </Button>
      <Refusal of={refused.value} />
    </>
  )
}
