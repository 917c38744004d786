import type { deviceAnswer } from "../service/http/contract-devices.ts"
import type { overviewAnswer } from "../service/http/contract-overview.ts"
import { get } from "./api.ts"
import { age } from "./format.ts"
import { LinkButton } from "./parts/button.tsx"
import { Card, Fact, Facts } from "./parts/card.tsx"
import { Loaded } from "./parts/loaded.tsx"
import { StateCard } from "./parts/state.tsx"
import { causeWords } from "./refusals.ts"
import { RemedyButton } from "./remedy.tsx"
import { useResource } from "./resource.ts"
import { words } from "./words.ts"

const t = words({
  en: {
    settings: "What to set on the device",
    address: "Address",
    port: "Port",
    tls: "MQTT over TLS",
    trust: "Trust",
    trustHint: "The chain holds what the device needs to trust this gateway; it is also here:",
    chain: "Download the chain",
    user: "Username",
    none: "leave it empty; the certificate says it",
    first: "First connection",
    waiting: "Waiting for the device",
    waitingHint: "This changes by itself as soon as the device connects, or is turned away.",
    connected: "Connected",
    since: (when: string, address: string) => `${when}, from ${address}`,
    live: "The device is live. You are done.",
    refused: (when: string, address: string) => `${when}, from ${address}`,
  },
  de: {
    settings: "Was am Gerät einzustellen ist",
    address: "Adresse",
    port: "Port",
    tls: "MQTT über TLS",
    trust: "Vertrauen",
    trustHint: "Die Kette enthält, womit das Gerät diesem Gateway vertraut; hier gibt es sie auch:",
    chain: "Zertifikatskette laden",
    user: "Benutzername",
    none: "leer lassen; das Zertifikat nennt ihn",
    first: "Erste Verbindung",
    waiting: "Warten auf das Gerät",
    waitingHint: "Das ändert sich von selbst, sobald sich das Gerät verbindet oder abgewiesen wird.",
    connected: "Verbunden",
    since: (when: string, address: string) => `${when}, von ${address}`,
    live: "Das Gerät ist da. Fertig.",
    refused: (when: string, address: string) => `${when}, von ${address}`,
  },
})

export interface FirstConnectionProps {
  readonly username: string
  readonly way: "certificate" | "password"
}

/** What the device has to be told, and whether it has come. */
export function FirstConnection({ username, way }: FirstConnectionProps) {
  const device = useResource(
    (options) => get<typeof deviceAnswer>(`/devices/${encodeURIComponent(username)}`, options),
    ["client-connected", "client-disconnected", "refused"],
    [username],
  )
  const overview = useResource((options) => get<typeof overviewAnswer>("/overview", options))
  return (
    <>
      <Loaded resource={device}>{(shown) => <Arrival username={username} shown={shown.device} />}</Loaded>
      <Card title={t().settings}>
        <Loaded resource={overview}>
          {({ reach, listeners }) => (
            <Facts>
              <Fact name={t().address}>
                {addressesOf(reach).map((at) => (
                  <div key={at}>
                    <code>{at}</code>
                  </div>
                ))}
              </Fact>
              <Fact name={t().port}>
                <code>{listeners.find(({ name }) => name === "mqtts")?.port}</code> ({t().tls})
              </Fact>
              <Fact name={t().user}>{way === "password" ? <code>{username}</code> : t().none}</Fact>
              <Fact name={t().trust}>
                <p>{t().trustHint}</p>
                <LinkButton icon="download" href="/api/v1/authority" download="gatehouse-ca.pem">
                  {t().chain}
                </LinkButton>
              </Fact>
            </Facts>
          )}
        </Loaded>
      </Card>
    </>
  )
}

function addressesOf({
  names,
  addresses,
}: {
  readonly names: readonly string[]
  readonly addresses: readonly string[]
}) {
  const useful = addresses.filter((address) => !/^(127\.|::1$|fe80:|169\.254\.)/.test(address))
  return [...names.filter((name) => name !== "localhost"), ...useful].slice(0, 4)
}

function Arrival({
  username,
  shown,
}: {
  readonly username: string
  readonly shown: (typeof deviceAnswer)["_output"]["device"]
}) {
  if (shown.state === "connected") {
    const age_ = t().since(age(shown.since ?? ""), shown.address ?? "")
    return <StateCard name={t().first} level="ok" value={t().connected} age={age_} reason={t().live} />
  }
  if (shown.refusal === undefined) {
    return <StateCard name={t().first} level="unknown" value={t().waiting} reason={t().waitingHint} />
  }
  const { cause, last, address } = shown.refusal
  const { what, why } = causeWords()[cause]
  return (
    <StateCard
      name={t().first}
      level="bad"
      value={what}
      age={t().refused(age(last), address)}
      reason={why}
      next={<RemedyButton cause={cause} name={username} />}
    />
  )
}
