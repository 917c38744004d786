import type { overviewAnswer } from "../../service/http/contract-overview.ts"
import { get } from "../api.ts"
import { duration } from "../format.ts"
import { PACKAGES } from "../packages.ts"
import { LinkButton } from "../parts/button.tsx"
import { Card, Fact, Facts } from "../parts/card.tsx"
import { Loaded } from "../parts/loaded.tsx"
import { PageHead } from "../parts/page-head.tsx"
import { useResource } from "../resource.ts"
import { words } from "../words.ts"

const t = words({
  en: {
    title: "About this gateway",
    box: "Gateway",
    version: "Version",
    up: "Running for",
    names: "Names",
    addresses: "Addresses",
    points: "Connection points",
    open: "open",
    closed: "closed",
    trust: "Is this page really the gateway's?",
    trustHint: "Compare these words with those on the gateway's console. If they are the same, nobody sits in between.",
    words: "Fingerprint in words",
    fingerprint: "Fingerprint (SHA-256)",
    authority: "Download the device authority",
    api: "Description of the API",
    licence: "Licence and packages",
    licenceHint: "Gatehouse is free software under the Apache License 2.0. It contains these packages:",
    security: "Security",
    securityHint:
      "What you find that could harm others, please tell the maintainers first; SECURITY.md in the source says how. The page asks no other host for anything and keeps nothing in the browser but the language and the theme.",
    package: "Package",
    license: "Licence",
  },
  de: {
    title: "Über dieses Gateway",
    box: "Gateway",
    version: "Version",
    up: "Läuft seit",
    names: "Namen",
    addresses: "Adressen",
    points: "Zugänge",
    open: "offen",
    closed: "geschlossen",
    trust: "Ist diese Seite wirklich vom Gateway?",
    trustHint:
      "Diese Wörter mit denen auf der Konsole des Gateways vergleichen. Sind sie gleich, sitzt niemand dazwischen.",
    words: "Fingerabdruck in Wörtern",
    fingerprint: "Fingerabdruck (SHA-256)",
    authority: "Zertifizierungsstelle für Geräte laden",
    api: "Beschreibung der API",
    licence: "Lizenz und Pakete",
    licenceHint: "Gatehouse ist freie Software unter der Apache-Lizenz 2.0. Es enthält diese Pakete:",
    security: "Sicherheit",
    securityHint:
      "Was anderen schaden könnte, bitte zuerst den Betreuern melden; SECURITY.md im Quelltext sagt, wie. Die Seite fragt keinen anderen Rechner und behält im Browser nur Sprache und Farbschema.",
    package: "Paket",
    license: "Lizenz",
  },
})

/** What this is, under what it can be reached, and how to make sure of it. */
export function Page() {
  const overview = useResource((options) => get<typeof overviewAnswer>("/overview", options))
  return (
    <>
      <PageHead title={t().title} />
      <Loaded resource={overview}>
        {({ version, uptimeSeconds, reach, listeners, fingerprint }) => (
          <>
            <Card title={t().box}>
              <Facts>
                <Fact name={t().version}>{version}</Fact>
                <Fact name={t().up}>{duration(uptimeSeconds)}</Fact>
                <Fact name={t().names}>{listed(reach.names)}</Fact>
                <Fact name={t().addresses}>{listed(reach.addresses)}</Fact>
                <Fact name={t().points}>
                  {listeners.map(({ name, port, open }) => (
                    <div key={name}>
                      <code>
                        {name} {port}
                      </code>{" "}
                      {open ? t().open : t().closed}
                    </div>
                  ))}
                </Fact>
              </Facts>
              <div class="actions">
                <LinkButton icon="download" href="/api/v1/authority" download="gatehouse-ca.pem">
                  {t().authority}
                </LinkButton>
                <LinkButton icon="download" href="/api/v1/openapi.json" download="gatehouse-openapi.json">
                  {t().api}
                </LinkButton>
              </div>
            </Card>
            <Card title={t().trust}>
              <p>{t().trustHint}</p>
              <Facts>
                <Fact name={t().words}>
                  <strong>{fingerprint.words.join(" ")}</strong>
                </Fact>
                <Fact name={t().fingerprint}>
                  <code>{fingerprint.sha256.toUpperCase().replace(/(..)(?=.)/g, "$1:")}</code>
                </Fact>
              </Facts>
            </Card>
          </>
        )}
      </Loaded>
      <Card title={t().security}>
        <p>{t().securityHint}</p>
      </Card>
      <Card title={t().licence}>
        <details>
          <summary>
            {t().licenceHint} {PACKAGES.length}
          </summary>
          <table>
            <thead>
              <tr>
                <th>{t().package}</th>
                <th>{t().version}</th>
                <th>{t().license}</th>
              </tr>
            </thead>
            <tbody>
              {PACKAGES.map(({ name, version, license }) => (
                <tr key={`${name} ${version}`}>
                  <td>{name}</td>
                  <td>{version}</td>
                  <td>{license}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </details>
      </Card>
    </>
  )
}

function listed(items: readonly string[]) {
  return items.map((item) => (
    <div key={item}>
      <code>{item}</code>
    </div>
  ))
}
