import { SAMPLE_SECONDS, type Sample } from "../../rates.ts"
import { ok } from "../answer.ts"
import { userParams } from "../contract.ts"
import { auditAnswer, auditQuery, historyAnswer, logAnswer, logQuery, ratesAnswer } from "../contract-system.ts"
import { knownUser } from "../known-user.ts"
import type { Gateway } from "../ports.ts"
import { type Route, route } from "../route.ts"
import { time } from "../time.ts"

const RANK = { error: 0, warn: 1, info: 2, debug: 3 } as const

/** What happened: to the gateway, to a device, by whose hand. */
export function recordRoutes({ directory, history, audit, recentLog, rates }: Gateway): Route[] {
  return [
    route({
      method: "GET",
      path: "/log",
      access: "read",
      summary: "The latest lines of the log, the newest first",
      query: logQuery,
      answers: logAnswer,
      answer({ query: { level, part, ...page } }) {
        const wanted = recentLog.entries.filter(
          (entry) => RANK[entry.level] <= RANK[level] && (part === undefined || entry.part === part),
        )
        return ok({ entries: pageOf(wanted, page) })
      },
    }),
    route({
      method: "GET",
      path: "/audit",
      access: "read",
      summary: "Who changed what, the newest first",
      query: auditQuery,
      answers: auditAnswer,
      answer({ query: { actor, ...page } }) {
        const wanted = audit.records.filter((record) => actor === undefined || record.actor === actor)
        return ok({ entries: pageOf(wanted, page) })
      },
    }),
    route({
      method: "GET",
      path: "/users/:username/history",
      access: "read",
      summary: "When a user's clients came, went and were refused, the newest first",
      refuses: ["not-found"],
      params: userParams,
      answers: historyAnswer,
      answer({ params }) {
        const { username } = knownUser(directory, params.username)
        const visits = history.of(username).map(({ username: _, at, ...visit }) => ({ ...visit, at: time(at) }))
        return ok({ visits })
      },
    }),
    route({
      method: "GET",
      path: "/rates",
      access: "read",
      summary: "How many messages, refusals and clients there were in the last hour, period by period",
      answers: ratesAnswer,
      answer: () => ok(shownRates(rates.samples)),
    }),
  ]
}

export function shownRates(samples: readonly Sample[]) {
  return { seconds: SAMPLE_SECONDS, samples: samples.map((sample) => ({ ...sample, at: time(sample.at) })) }
}

interface Numbered {
  readonly number: number
  readonly at: number
}

/** The newest first, from before the one with that number. */
function pageOf<T extends Numbered>(
  entries: readonly T[],
  { before, limit }: { before?: number | undefined; limit: number },
) {
  const end = before === undefined ? entries.length : entries.findIndex(({ number }) => number >= before)
  const older = end < 0 ? entries : entries.slice(0, end)
  return older
    .slice(-limit)
    .reverse()
    .map((entry) => ({ ...entry, at: time(entry.at) }))
}
