import type { Accounts } from "../access/accounts.ts"
import type { Directory } from "../access/directory.ts"
import type { Passwords } from "../access/password.ts"
import { Registry } from "../access/registry.ts"
import type { BrokerParts } from "../broker/parts.ts"
import { Renewal, shownToDevice } from "../ca/renewal.ts"
import type { PresentedCertificate } from "../ca/verdict.ts"
import type { Clock } from "../clock.ts"
import type { EventHub } from "../events.ts"
import { openDevicePort } from "../http/device/port.ts"
import type { Logger } from "../log.ts"
import { VERSION } from "../version.ts"
import type { Trusting } from "./certificates.ts"

export interface CertifyingParts {
  readonly directory: Directory
  readonly accounts: Accounts
  readonly passwords: Passwords
  readonly trusting: Trusting
  readonly hosts: () => Iterable<string>
  readonly events: EventHub
  readonly clock: Clock
  readonly log: Logger
}

/** What devices ask for by themselves, over MQTT and over HTTPS: their next certificate, and to be let in at all. */
export interface Certifying {
  readonly renewal: Renewal
  readonly registry: Registry
  /** What the broker hands over. */
  readonly atBroker: Pick<BrokerParts, "judge" | "renew" | "onRequest" | "onStranger">
}

export function openCertifying(parts: CertifyingParts): Certifying {
  const { directory, trusting, events, clock, log } = parts
  const { authority, issueLog, trust } = trusting
  const judge = (presented: PresentedCertificate) => trust.judge(presented)
  const renewal = new Renewal({ directory, authority, clock, log: issueLog, logger: log.for("ca") })
  const registry = new Registry(parts)
  registry.onCandidate(({ id, name, method, address }) =>
    events.publish("stranger", "/registry", { id, name, method, address }),
  )
  const onRequest = openDevicePort({
    ...{ judge, renewal, registry, directory, authority, issueLog, clock },
    ...{ hosts: parts.hosts, version: VERSION, log: log.for("device") },
  })
  return {
    renewal,
    registry,
    atBroker: {
      judge,
      onRequest,
      renew: async (certificate, csr) => shownToDevice(await renewal.renew(certificate, csr, "mqtt"), clock.now()),
      onStranger: (stranger) => void registry.remember(stranger).catch(() => {}), // too many passwords: it comes again
    },
  }
}
