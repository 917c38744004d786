import type { Job } from "../../provisioning/job.ts"
import { namesInCsv, namesOf } from "../../provisioning/naming.ts"
import type { SerialPortState } from "../../provisioning/station.ts"
import type { TranscriptEntry } from "../../provisioning/transcripts.ts"
import { content, created, ok } from "../answer.ts"
import { API } from "../contract.ts"
import {
  batchAnswer,
  batchRequest,
  jobAnswer,
  jobParams,
  jobRequest,
  jobsAnswer,
  jobsQuery,
  logAnswer,
  portAnswer,
  portsAnswer,
  questionAnswer,
  recogniseRequest,
} from "../contract-serial.ts"
import { labelSvg } from "../label.ts"
import { pageOf } from "../paging.ts"
import type { Gateway } from "../ports.ts"
import { Problem } from "../problem.ts"
import { type Call, type Route, route } from "../route.ts"
import { time } from "../time.ts"

/** Provisioning over USB serial: ports, and jobs from the order to the label. */
export function serialRoutes(gateway: Gateway): Route[] {
  return [...portRoutes(gateway), ...orderRoutes(gateway), ...jobRoutes(gateway), ...verbRoutes(gateway)]
}

function portRoutes({ station, provisioning, serialEnabled }: Gateway): Route[] {
  return [
    route({
      method: "GET",
      path: "/serial/ports",
      access: "read",
      summary: "List the serial ports that are there, and what is known of the devices on them",
      answers: portsAnswer,
      answer: () =>
        ok({ enabled: serialEnabled, ports: station.ports().map(shownPort), hosts: [...provisioning.hosts] }),
    }),
    route({
      method: "POST",
      path: "/serial/recognitions",
      access: "write",
      summary: "Find out what is on a port, by nothing permanent; boards may restart on it",
      refuses: ["not-found", "conflict"],
      body: recogniseRequest,
      answers: portAnswer,
      answer: async ({ body: { port } }) => ok(shownPort(await station.recognise(port))),
    }),
  ]
}

function orderRoutes({ provisioning }: Gateway): Route[] {
  return [
    route({
      method: "POST",
      path: "/serial/jobs",
      access: "write",
      summary: "Have a device provisioned: the one on a port, or the next that is plugged in",
      refuses: ["conflict", "busy", "disk-failed"],
      idempotent: true,
      body: jobRequest,
      success: 201,
      answers: jobAnswer,
      async answer({ actor, header, body: { username, note, ...wishes } }) {
        const names = [{ username, ...(note === undefined ? {} : { note }) }]
        const [job] = await provisioning.order(actor, { ...wishes, names, idempotencyKey: keyOf(header) })
        return created(shown(job!), `${API}/serial/jobs/${job!.id}`)
      },
    }),
    route({
      method: "POST",
      path: "/serial/batches",
      access: "write",
      summary: "Have devices provisioned one after another, with names from a pattern or a table",
      refuses: ["conflict", "busy", "disk-failed"],
      idempotent: true,
      body: batchRequest,
      success: 201,
      answers: batchAnswer,
      async answer({ actor, header, body: { names, ...wishes } }) {
        const named = "csv" in names ? namesInCsv(names.csv) : namesOf(names.pattern, names.from, names.count)
        const jobs = await provisioning.order(actor, { ...wishes, names: named, idempotencyKey: keyOf(header) })
        return created({ jobs: jobs.map(shown) })
      },
    }),
  ]
}

function jobRoutes({ provisioning: { jobs }, transcripts }: Gateway): Route[] {
  return [
    route({
      method: "GET",
      path: "/serial/jobs",
      access: "read",
      summary: "List the jobs, the newest first",
      query: jobsQuery,
      answers: jobsAnswer,
      answer({ query }) {
        const wanted = jobs.list().filter((job) => {
          const open = query.open === undefined || (job.state !== "done" && job.state !== "cancelled")
          return open && (query.batch === undefined || job.batch === query.batch)
        })
        const places = new Map(wanted.map(({ id }, place) => [id, place]))
        const { items, next } = pageOf(wanted, (job) => newestFirst(job, places.get(job.id)!), query)
        return ok({ jobs: items.map(shown), next })
      },
    }),
    route({
      method: "GET",
      path: "/serial/jobs/:job",
      access: "read",
      summary: "Show a job",
      refuses: ["not-found"],
      params: jobParams,
      answers: jobAnswer,
      answer: ({ params }) => ok(shown(jobs.known(params.job))),
    }),
    route({
      method: "GET",
      path: "/serial/jobs/:job/log",
      access: "read",
      summary: "What was said to the device of a job and by it, without secrets",
      refuses: ["not-found"],
      params: jobParams,
      answers: logAnswer,
      answer: async ({ params }) =>
        ok({ entries: (await transcripts.read(jobs.known(params.job).id)).map(shownEntry) }),
    }),
    route({
      method: "GET",
      path: "/serial/jobs/:job/label",
      access: "read",
      summary: "The label of a job's device: name, key hash and QR code",
      refuses: ["not-found", "conflict"],
      params: jobParams,
      types: ["image/svg+xml"],
      answer({ params }) {
        const { username, certificate, device } = jobs.known(params.job)
        if (certificate === undefined)
          throw new Problem("conflict", "the device has no key yet; wait for its certificate")
        const { uid, model } = device ?? {}
        return content("image/svg+xml", labelSvg({ username, publicKey: certificate.spkiHash, uid, model }))
      },
    }),
  ]
}

function verbRoutes({ provisioning }: Gateway): Route[] {
  return [
    route({
      method: "POST",
      path: "/serial/jobs/:job/answers",
      access: "write",
      summary: "Answer the question of a job; what is irreversible is never answered by the gateway",
      refuses: ["not-found", "conflict", "disk-failed"],
      params: jobParams,
      body: questionAnswer,
      answers: jobAnswer,
      answer: async ({ actor, params, body }) =>
        ok(shown(await provisioning.answer(actor, params.job, body.question, body.answer))),
    }),
    route({
      method: "POST",
      path: "/serial/jobs/:job/retry",
      access: "write",
      summary: "Let a job go on that was refused or interrupted, or whose device does not connect",
      refuses: ["not-found", "conflict", "disk-failed"],
      params: jobParams,
      answers: jobAnswer,
      answer: async ({ actor, params }) => ok(shown(await provisioning.retry(actor, params.job))),
    }),
    route({
      method: "POST",
      path: "/serial/jobs/:job/cancel",
      access: "write",
      summary: "End a job; a certificate that nobody has used yet is revoked",
      refuses: ["not-found", "conflict", "disk-failed"],
      params: jobParams,
      answers: jobAnswer,
      answer: async ({ actor, params }) => ok(shown(await provisioning.cancel(actor, params.job))),
    }),
  ]
}

/** draft-ietf-httpapi-idempotency-key-header: a string, with or without its quotes. */
function keyOf(header: Call["header"]): string | undefined {
  const key = header("idempotency-key")?.replace(/^"(.*)"$/, "$1")
  if (key === undefined) return undefined
  if (/^[\x21-\x7e]{1,200}$/.test(key)) return key
  throw new Problem("bad-request", "the Idempotency-Key has 1 to 200 printable characters, such as a UUID")
}

/** The newest order first, and its devices in their own sequence. */
function newestFirst({ createdAt }: Job, place: number): string {
  return `${String(9_999_999_999_999 - createdAt).padStart(13, "0")} ${String(place).padStart(5, "0")}`
}

/** A job without what is nobody's business: codes a person typed, keys of orders, certificates as such. */
function shown({ answers: _, idempotency: __, ...job }: Job) {
  const { certificate, problem, pluggedInAt, provenAt } = job
  return {
    ...job,
    createdAt: time(job.createdAt),
    changedAt: time(job.changedAt),
    ...(problem === undefined ? {} : { problem: { code: problem.code, sentence: problem.sentence } }),
    ...(pluggedInAt === undefined ? {} : { pluggedInAt: time(pluggedInAt) }),
    ...(provenAt === undefined ? {} : { provenAt: time(provenAt) }),
    ...(certificate === undefined
      ? {}
      : {
          certificate: {
            serial: certificate.serial,
            fingerprint: certificate.fingerprint,
            publicKey: certificate.spkiHash,
            notAfter: time(certificate.notAfter),
          },
        }),
  }
}

function shownPort({ appearedAt, log, ...port }: SerialPortState) {
  return { ...port, appearedAt: time(appearedAt), log: log.map(shownEntry) }
}

function shownEntry({ at, way, text }: TranscriptEntry) {
  return { at: time(at), way, text }
}
