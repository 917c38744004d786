import type { IssueEntry } from "../../ca/issue-log.ts"
import { stateAt } from "../../ca/issue-log.ts"
import { ok } from "../answer.ts"
import { expiriesAnswer, restartAnswer, timeAnswer } from "../contract-system.ts"
import type { Gateway } from "../ports.ts"
import { Problem } from "../problem.ts"
import { type Route, route } from "../route.ts"
import { time } from "../time.ts"

/** The gateway as a machine: its clock, what ends when, and starting anew. */
export function systemRoutes(gateway: Gateway): Route[] {
  const { issueLog, health, clock } = gateway
  return [
    route({
      method: "GET",
      path: "/time",
      access: "read",
      summary: "The clock, and what speaks for or against it",
      answers: timeAnswer,
      async answer() {
        const newest = issueLog.newestAt
        return ok({
          now: time(clock.now()),
          timeZone: Intl.DateTimeFormat().resolvedOptions().timeZone,
          synchronised: (await gateway.isTimeSynchronised()) ?? null,
          notBefore: newest === 0 ? null : time(newest),
          behind: health.alarms.some(({ condition }) => condition === "clock-behind"),
        })
      },
    }),
    route({
      method: "GET",
      path: "/expiries",
      access: "read",
      summary: "What ends when: authorities, servers, and devices' certificates by month",
      answers: expiriesAnswer,
      answer: () => ok({ own: ownOf(gateway), ...devicesOf(issueLog.entries(), clock.now()) }),
    }),
    route({
      method: "POST",
      path: "/restart",
      access: "write",
      summary: "Restart the service; clients are away for a moment. Only under systemd, which starts it again",
      administratorOnly: true,
      confirmed: true,
      refuses: ["conflict"],
      success: 202,
      answers: restartAnswer,
      answer() {
        const { restart } = gateway
        if (restart === undefined) {
          throw new Problem(
            "conflict",
            "nothing would start this gateway again: it does not run under systemd; stop it and start it by hand",
          )
        }
        setTimeout(restart, ANSWER_FIRST_MS)
        return { status: 202, body: { restarting: true } }
      },
    }),
  ]
}

/** Time for the answer to reach whoever asked. */
const ANSWER_FIRST_MS = 300

function ownOf({ ownCertificates, trust }: Gateway) {
  const own = ownCertificates().map((one) => ({ ...one, notBefore: time(one.notBefore), notAfter: time(one.notAfter) }))
  const outside = trust.list().map(({ name, notAfter, fingerprint }) => ({
    ...{ kind: "outside" as const, name, notAfter: time(notAfter), fingerprint, renewsItself: false },
  }))
  return [...own, ...outside]
}

const MONTHS = 36
const NAMED = 20

/** Those in force, by the month of their end (UTC), from this month on; the months without any too, for a calendar. */
function devicesOf(entries: readonly IssueEntry[], now: number) {
  const months = new Map(monthsFrom(now).map((month) => [month, [] as IssueEntry[]]))
  let [later, expired] = [0, 0]
  for (const entry of entries) {
    if (entry.kind === "server") continue
    const state = stateAt(entry, now)
    if (state === "expired") expired++
    if (state !== "active" && state !== "pending") continue
    const month = months.get(time(entry.notAfter).slice(0, 7))
    if (month === undefined) later++
    else month.push(entry)
  }
  return {
    months: [...months].map(([month, ending]) => ({
      month,
      count: ending.length,
      certificates: ending
        .sort((a, b) => a.notAfter - b.notAfter)
        .slice(0, NAMED)
        .map(({ serial, commonName, notAfter }) => ({ serial, commonName, notAfter: time(notAfter) })),
    })),
    later,
    expired,
  }
}

function monthsFrom(now: number): string[] {
  const start = new Date(now)
  return Array.from({ length: MONTHS }, (_, i) =>
    time(Date.UTC(start.getUTCFullYear(), start.getUTCMonth() + i)).slice(0, 7),
  )
}
