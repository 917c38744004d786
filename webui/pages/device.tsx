import { useState } from "preact/hooks"
import type { certificatesAnswer } from "../../service/http/contract-certificates.ts"
import type { deviceAnswer } from "../../service/http/contract-devices.ts"
import type { historyAnswer } from "../../service/http/contract-system.ts"
import { get } from "../api.ts"
import { DeviceCertificates } from "../device/certificates.tsx"
import { DeviceClients } from "../device/clients.tsx"
import { DeviceDanger } from "../device/danger.tsx"
import { DeviceHistory } from "../device/history.tsx"
import { DevicePassword } from "../device/password.tsx"
import { DeviceRights } from "../device/rights.tsx"
import type { Shown } from "../device/shown.ts"
import { deviceLevel, deviceNeed, deviceState } from "../device-words.ts"
import { age } from "../format.ts"
import type { PageProps } from "../page-props.ts"
import { Loaded } from "../parts/loaded.tsx"
import { PageHead } from "../parts/page-head.tsx"
import { StateCard } from "../parts/state.tsx"
import { causeWords } from "../refusals.ts"
import { Enable, RemedyButton } from "../remedy.tsx"
import { useResource } from "../resource.ts"
import { href, query } from "../router.ts"
import { may } from "../session.ts"
import { words } from "../words.ts"

const t = words({
  en: {
    back: "Devices",
    state: "State",
    from: (address: string) => `from ${address}`,
    turned: (what: string, when: string, count: number) =>
      `Turned away ${count === 1 ? "" : `${count} times, last `}${when}: ${what}.`,
    disabledHint: "Somebody switched it off. It is turned away until it is enabled.",
    neverHint: "It has not connected yet. Put the certificate chain or the password on it, and check address and port.",
  },
  de: {
    back: "Geräte",
    state: "Zustand",
    from: (address: string) => `von ${address}`,
    turned: (what: string, when: string, count: number) =>
      `${count === 1 ? "" : `${count}-mal abgewiesen, zuletzt `}${when}${count === 1 ? " abgewiesen" : ""}: ${what}.`,
    disabledHint: "Jemand hat es abgeschaltet. Es wird abgewiesen, bis es freigegeben ist.",
    neverHint: "Es hat sich noch nie verbunden. Zertifikatskette oder Kennwort aufspielen, Adresse und Port prüfen.",
  },
})

const LIVE = ["client-connected", "client-disconnected", "refused", "users-changed", "roles-changed"] as const

export function Page({ params }: PageProps) {
  const name = params.name ?? ""
  const path = encodeURIComponent(name)
  const device = useResource(
    (options) => get<typeof deviceAnswer>(`/devices/${path}`, options),
    [...LIVE, "certificate-issued", "certificate-revoked"],
    [name],
  )
  const history = useResource((options) => get<typeof historyAnswer>(`/users/${path}/history`, options), LIVE, [name])
  const certificates = useResource(
    (options) => get<typeof certificatesAnswer>(`/certificates?user=${path}&limit=200`, options),
    ["certificate-issued", "certificate-revoked", "client-connected"],
    [name],
  )
  const [act] = useState(query("act"))
  const reload = () => Promise.all([device.reload(), certificates.reload()]).then(() => {})
  return (
    <>
      <PageHead
        title={name}
        lead={device.value.value?.device.note}
        back={{ href: href("/devices"), label: t().back }}
      />
      <Loaded resource={device}>
        {(shown) => (
          <>
            <State shown={shown} />
            {shown.device.grant === "certificate" ? (
              may("read", "/certificates") && (
                <Loaded resource={certificates}>
                  {(answer) => (
                    <DeviceCertificates
                      name={name}
                      certificates={answer.certificates}
                      isOpen={act === "certificate"}
                      onChange={reload}
                    />
                  )}
                </Loaded>
              )
            ) : (
              <DevicePassword name={name} isOpen={act === "password"} />
            )}
            <Loaded resource={history}>
              {(answer) => <DeviceHistory visits={answer.visits} isConnected={shown.device.state === "connected"} />}
            </Loaded>
            <DeviceRights shown={shown} />
            <DeviceClients clients={shown.clients} />
            <DeviceDanger name={name} isDisabled={shown.device.state === "disabled"} onChange={reload} />
          </>
        )}
      </Loaded>
    </>
  )
}

/** How it is right now, and if it was turned away since, why and what mends it. */
function State({ shown: { device } }: { readonly shown: Shown }) {
  const { word, more } = deviceState(device)
  const { refusal } = device
  const where = device.address && device.state !== "never" ? t().from(device.address) : ""
  const cause = refusal && causeWords()[refusal.cause]
  const hint =
    device.state === "disabled" ? t().disabledHint : device.state === "never" ? t().neverHint : deviceNeed(device)
  return (
    <StateCard
      name={t().state}
      level={deviceLevel(device)}
      value={word}
      age={[more, where].filter((part) => part !== "").join(", ")}
      reason={
        refusal && cause ? (
          <>
            <strong>{t().turned(cause.what, age(refusal.last), refusal.count)}</strong> {cause.why}
          </>
        ) : (
          hint
        )
      }
      next={
        device.state === "disabled" && may("write", `/users/${device.username}`) ? (
          <Enable name={device.username} />
        ) : (
          refusal && <RemedyButton cause={refusal.cause} name={device.username} here />
        )
      }
    />
  )
}
