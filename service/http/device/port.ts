import type { IncomingMessage, ServerResponse } from "node:http"
import type { PresentedCertificate, Verdict } from "../../ca/verdict.ts"
import type { Logger } from "../../log.ts"
import { openApp } from "../app.ts"
import { NOBODY } from "../identification.ts"
import { Problem } from "../problem.ts"
import { serving } from "../serving.ts"
import { type DeviceParts, deviceRoutes } from "./routes.ts"

export interface DevicePortOptions extends DeviceParts {
  readonly judge: (presented: PresentedCertificate) => Verdict
  /** Names and addresses under which the gateway may be asked for, beside loopback. Asked at every request. */
  readonly hosts: () => Iterable<string>
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
export function openDevicePort(options: DevicePortOptions): DevicePort {
  const { judge, hosts, log } = options
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
  const app = openApp(deviceRoutes(options), serve, { hosts, log, elsewhere })
  return (request, response, presented) => {
    if (presented !== undefined) shown.set(request, presented)
    app(request, response)
  }
}
