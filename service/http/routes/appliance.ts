import type { Appliance, RootRequest } from "../../appliance.ts"
import { type Answer, ok } from "../answer.ts"
import { API } from "../contract.ts"
import {
  applianceAnswer,
  clockRequest,
  confirmNetworkRequest,
  LARGEST_BUNDLE,
  networkRequest,
  requestAnswer,
  requestParams,
  resetRequest,
} from "../contract-appliance.ts"
import type { Gateway } from "../ports.ts"
import { Problem, type ProblemCode } from "../problem.ts"
import { type Route, route } from "../route.ts"

/** What every act on the machine itself has in common: it is asked for here, and done by root in its own time. */
const ACT = {
  access: "write",
  administratorOnly: true,
  confirmed: true,
  answers: requestAnswer,
  success: 202,
} as const
const REFUSES: readonly ProblemCode[] = ["conflict", "disk-failed", "not-found"]

/** The machine itself: updates, clock, network, reset. */
export function applianceRoutes({ appliance, hostname }: Gateway): Route[] {
  return [...updateRoutes(appliance), ...settingRoutes(appliance), resetRoute(appliance, hostname)]
}

function updateRoutes(appliance: Appliance | undefined): Route[] {
  return [
    route({
      method: "GET",
      path: "/appliance",
      access: "read",
      summary: "The machine: running and other version, last update, network, what root was asked for lately",
      answers: applianceAnswer,
      answer: async () => ok(appliance === undefined ? { appliance: false, requests: [] } : await shown(appliance)),
    }),
    route({
      method: "GET",
      path: "/appliance/requests/:id",
      access: "read",
      summary: "What became of one request",
      params: requestParams,
      answers: requestAnswer,
      refuses: ["not-found"],
      async answer({ params }) {
        const outcome = await present(appliance).outcome(params.id)
        if (outcome === undefined) throw new Problem("not-found", `there is no request ${params.id}`)
        return ok(outcome)
      },
    }),
    route({
      ...ACT,
      method: "POST",
      path: "/appliance/uploads",
      summary: "Upload an update bundle; it is checked, not installed",
      uploadBytes: LARGEST_BUNDLE,
      refuses: [...REFUSES, "busy", "no-room"],
      async answer({ upload }) {
        const box = present(appliance)
        const { bytes, stream } = upload()
        const uploaded = await box.receive(stream, bytes)
        return asked(box, { kind: "check", ...uploaded })
      },
    }),
    route({
      ...ACT,
      method: "POST",
      path: "/appliance/install",
      summary: "Install the uploaded bundle and restart into it, on trial",
      refuses: REFUSES,
      async answer() {
        const box = present(appliance)
        const bundle = await box.bundle()
        if (bundle === undefined) throw new Problem("not-found", "no bundle lies ready; upload one first")
        return asked(box, { kind: "install", ...bundle })
      },
    }),
    route({
      ...ACT,
      method: "POST",
      path: "/appliance/roll-back",
      summary: "Restart into the version that was in service before",
      refuses: REFUSES,
      answer: () => asked(present(appliance), { kind: "roll-back" }),
    }),
    route({
      ...ACT,
      method: "POST",
      path: "/appliance/restart",
      summary: "Restart the machine",
      refuses: REFUSES,
      answer: () => asked(present(appliance), { kind: "restart" }),
    }),
  ]
}

function settingRoutes(appliance: Appliance | undefined): Route[] {
  return [
    route({
      ...ACT,
      method: "PUT",
      path: "/appliance/clock",
      summary: "Set the clock, as to the time of the browser",
      body: clockRequest,
      refuses: REFUSES,
      answer: ({ body }) => asked(present(appliance), { kind: "set-clock", time: body.time }),
    }),
    route({
      ...ACT,
      method: "PUT",
      path: "/appliance/network",
      summary: "Change the network; undone after 60 s unless confirmed, best from the new address",
      body: networkRequest,
      refuses: REFUSES,
      answer: ({ body }) => asked(present(appliance), { kind: "set-network", ...body }),
    }),
    route({
      ...ACT,
      // whoever confirms has lost the page it asked from, and has a minute
      confirmed: false,
      method: "POST",
      path: "/appliance/network/confirm",
      summary: "Keep the network as it was changed",
      body: confirmNetworkRequest,
      refuses: REFUSES,
      answer: ({ body }) => asked(present(appliance), { kind: "confirm-network", request: body.request }),
    }),
  ]
}

function resetRoute(appliance: Appliance | undefined, hostname: string): Route {
  return route({
    ...ACT,
    method: "POST",
    path: "/appliance/factory-reset",
    summary: "Forget the settings, or everything with new keys; the gateway's name must be typed",
    body: resetRequest,
    refuses: REFUSES,
    async answer({ body }) {
      const box = present(appliance)
      if (body.name !== hostname) throw new Problem("conflict", `to reset this gateway, type its name: ${hostname}`)
      return asked(box, { kind: "factory-reset", scope: body.scope })
    },
  })
}

function present(appliance: Appliance | undefined): Appliance {
  if (appliance !== undefined) return appliance
  throw new Problem("not-found", "this machine is no Gatehouse appliance; look after it with its own tools")
}

async function asked(appliance: Appliance, request: RootRequest): Promise<Answer> {
  const outcome = await appliance.ask(request)
  return { status: 202, body: outcome, headers: { Location: `${API}/appliance/requests/${outcome.id}` } }
}

async function shown(appliance: Appliance) {
  const [{ format: _format, ...status }, bundle, requests] = await Promise.all([
    appliance.status(),
    appliance.bundle(),
    appliance.outcomes(),
  ])
  return { appliance: true, ...status, ...(bundle && { bundle }), requests }
}
