import type { z } from "zod"
import type { pageAuthorityAnswer, sealAnswer, trustAnswer } from "../../service/http/contract-certificates.ts"
import { part } from "./api.ts"
import { contentOf } from "./cert.ts"
import { type Call, type Command, misused } from "./command.ts"
import { moment } from "./moment.ts"

type Trusted = z.infer<typeof trustAnswer>
type PageAuthority = z.infer<typeof pageAuthorityAnswer>
type Sealed = z.infer<typeof sealAnswer>

/** Outside authorities that are trusted, and the root key of our own. */
export const AUTHORITY_COMMANDS: readonly Command[] = [
  {
    words: "authority list",
    summary: "List the outside authorities whose certificates are taken.",
    example: "authority list",
    run: async (call) => show(call, await call.api.get<Trusted>("/authorities")),
  },
  {
    words: "authority add",
    summary: "Trust an outside authority (PEM; - is standard input) to speak for some usernames.",
    operands: [{ name: "FILE", file: true }],
    options: {
      scope: { value: "PATTERN", summary: "the usernames it may speak for: one, the beginning of some and *, or *" },
      id: { value: "ID", summary: "what users name it by as their issuer" },
      name: { value: "TEXT", summary: "what people call it" },
    },
    example: "authority add plant-ca.pem --id plant --scope 'plant7-*'",
    run: add,
  },
  {
    words: "authority crl",
    summary: "Load an outside authority's revocation list (DER or PEM; - is standard input); who is on it is cut off.",
    operands: [{ name: "ID" }, { name: "FILE", file: true }],
    example: "authority crl plant plant.crl",
    async run(call) {
      const bytes = await contentOf(call.operand("FILE"))
      const path = `/authorities/${part(call.operand("ID"))}/crl`
      show(call, await call.api.ask<Trusted>("PUT", path, { bytes, type: "application/pkix-crl" }))
    },
  },
  {
    words: "authority remove",
    summary: "Trust an outside authority no longer, and end the sessions of its clients.",
    operands: [{ name: "ID" }],
    example: "authority remove plant",
    async run({ api, screen, operand }) {
      await api.ask("DELETE", `/authorities/${part(operand("ID"))}`)
      screen.answer({}, () => `The authority ${operand("ID")} is removed.`)
    },
  },
  {
    words: "authority page",
    summary: "Show the fingerprint of the page's authority, in words too: what to compare before a browser trusts it.",
    example: "authority page",
    async run({ api, screen }) {
      const page = await api.get<PageAuthority>("/page-authority")
      screen.answer(page, () => [page.words.join(" "), `SHA-256 ${page.fingerprint}`])
    },
  },
  {
    words: "authority seal",
    summary: "Encrypt this gateway's root key and print its recovery key, once; a claim has done so already.",
    example: "authority seal",
    async run({ api, screen }) {
      const sealed = await api.ask<Sealed>("POST", "/authority/seal")
      screen.answer(sealed, () => [`Recovery key: ${sealed.recoveryKey}`, "Write it down: it is shown this once."])
    },
  },
]

async function add(call: Call): Promise<void> {
  const [scope, id, name] = [call.text("scope"), call.text("id"), call.text("name")]
  if (scope === undefined) {
    throw misused("say whom the authority may speak for with --scope: a username, the beginning of some and *, or *")
  }
  const certificate = (await contentOf(call.operand("FILE"))).toString()
  const json = { certificate, scope, ...(id === undefined ? {} : { id }), ...(name === undefined ? {} : { name }) }
  show(call, await call.api.ask<Trusted>("POST", "/authorities", { json }))
}

function show({ screen }: Call, answer: Trusted): void {
  const rows = answer.authorities.map(({ id, name, scope, notAfter, subject, fingerprint }) => [
    id,
    name,
    scope,
    moment(notAfter),
    subject,
    fingerprint,
  ])
  const heads = ["ID", "NAME", "SCOPE", "EXPIRES", "SUBJECT", "FINGERPRINT"]
  screen.answer(answer, () => screen.table(heads, rows, "no outside authority is trusted"))
}
