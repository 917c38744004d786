import { ok } from "../answer.ts"
import { overviewAnswer } from "../contract-overview.ts"
import { beholder, isDevice } from "../devices.ts"
import type { Gateway } from "../ports.ts"
import { type Route, route } from "../route.ts"
import { time } from "../time.ts"
import { shownRates } from "./records.ts"
import { statusOf } from "./status.ts"

const MOST_NAMED = 10
/** Ten minutes of them. */
const SAMPLES = 60

/** Everything that answers "is it healthy?" in one look. */
export function overviewRoutes(gateway: Gateway): Route[] {
  const { clock, rates, pageAuthority } = gateway
  const status = statusOf(gateway)
  return [
    route({
      method: "GET",
      path: "/overview",
      access: "read",
      summary:
        "Everything that answers whether the gateway is healthy: alarms, devices, certificates, storage, traffic",
      answers: overviewAnswer,
      async answer() {
        const { counters: _, ...shown } = status()
        return ok({
          ...shown,
          now: time(clock.now()),
          ...ofDevices(gateway),
          storage: await gateway.storage(),
          reach: gateway.reach(),
          fingerprint: { sha256: pageAuthority.fingerprint, words: [...pageAuthority.words] },
          rates: shownRates(rates.samples.slice(-SAMPLES)),
        })
      },
    }),
  ]
}

function ofDevices(gateway: Gateway) {
  const behold = beholder(gateway)
  const devices = [...gateway.directory.users.values()].filter((user) => isDevice(user, gateway)).map(behold)
  const ending = devices
    .filter(({ needs }) => needs === "certificate-ending" || needs === "certificate-expired")
    .map(({ username, certificate }) => ({ username, notAfter: certificate?.notAfter ?? "" }))
    .sort((a, b) => (a.notAfter < b.notAfter ? -1 : 1))
  return {
    devices: {
      all: devices.length,
      connected: devices.filter(({ state }) => state === "connected").length,
      attention: devices.filter(({ needs }) => needs !== undefined).length,
    },
    certificates: { ending: ending.slice(0, MOST_NAMED), endingCount: ending.length },
  }
}
