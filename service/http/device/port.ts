import type { IncomingMessage, ServerResponse } from "node:http"
import type { Renewal } from "../../ca/renewal.ts"
import type { PresentedCertificate, Verdict } from "../../ca/verdict.ts"
import type { Clock } from "../../clock.ts"
import type { Logger } from "../../log.ts"
import { openApp } from "../app.ts"
import { NOBODY } from "../identification.ts"
import { Problem } from "../problem.ts"
import { serving } from "../serving.ts"
import { deviceRoutes } from "./routes.ts"

export interface DevicePortOptions {
  readonly judge: (presented: PresentedCertificate) => Verdict
  readonly renewal: Pick<Renewal, "renew" | "seen" | "entryOf">
  /** Names and addresses under which the gateway may be asked for, beside loopback. Asked at every request. */
  readonly hosts: () => Iterable<string>
  readonly clock: Clock
  readonly version: string
  readonly log: Logger
}

export type DevicePort = (
  request: IncomingMessage,
  response: ServerResponse,
  presented: PresentedCertificate | undefined,
) => void

/**
 * What devices ask over HTTPS, at the port that asks for their certificate. Who they are is known from TLS alone: no
 * token, no cookie and no password opens anything here.
 */
export function openDevicePort({ judge, renewal, hosts, clock, version, log }: DevicePortOptions): DevicePort {
  const shown = new WeakMap<IncomingMessage, PresentedCertificate>()
  const serve = serving({
    identify(request) {
      const presented = shown.get(request)
      if (presented === undefined) return NOBODY
      const verdict = judge(presented)
      const certificate = verdict.ok ? verdict : verdict.renewalOnly
      // a certificate that was shown and is not good never falls back to having shown none
      if (certificate === undefined) throw new Problem("unauthenticated", verdict.ok ? "" : verdict.sentence)
      return { ...NOBODY, actor: { name: certificate.commonName, rights: [] }, certificate }
    },
    log,
  })
  const elsewhere = "devices ask for their certificate at /api/v1/device; MQTT over WebSocket is at /mqtt"
  const app = openApp(deviceRoutes({ renewal, clock, version }), serve, { hosts, log, elsewhere })
  return (request, response, presented) => {
    if (presented !== undefined) shown.set(request, presented)
    app(request, response)
  }
}
