import { type FileHandle, open, readFile, rm } from "node:fs/promises"
import type { z } from "zod"
import type { certificateAnswer, issuedAnswer } from "../../service/http/contract-certificates.ts"
import { part } from "./api.ts"
import { type Call, type Command, Failure } from "./command.ts"
import { moment } from "./moment.ts"
import type { Screen } from "./screen.ts"

type Certificate = z.infer<typeof certificateAnswer>
type Issued = z.infer<typeof issuedAnswer>

const SERIAL = { name: "SERIAL" } as const
const OUT = { value: "FILE", file: true, summary: "write to a new file (0644) instead of standard output" } as const

const STATES = ["pending", "active", "superseded", "revoked", "expired"] as const

/** Certificates of our own authority. */
export const CERT_COMMANDS: readonly Command[] = [
  {
    words: "cert list",
    summary: "List the certificates this gateway has signed, the newest first.",
    options: {
      user: { value: "USERNAME", summary: "only those of one user" },
      only: { value: "STATE", choices: STATES, summary: `only those in one state: ${STATES.join(", ")}` },
      search: { value: "TEXT", summary: "only those with this in their common name, serial number or fingerprint" },
    },
    example: "cert list --user pump-1",
    async run(call) {
      const wanted = [
        ["user", call.text("user")],
        ["state", call.text("only")],
        ["search", call.text("search")],
      ] as const
      const query = wanted.flatMap(([name, value]) => (value === undefined ? [] : [`${name}=${part(value)}`]))
      const path = query.length === 0 ? "/certificates" : `/certificates?${query.join("&")}`
      const answer = await call.api.all<"certificates", Certificate>(path, "certificates")
      call.screen.answer(answer, () => listLines(call.screen, answer.certificates))
    },
  },
  {
    words: "cert show",
    summary: "Show one certificate: whose, in which state, until when.",
    operands: [SERIAL],
    example: "cert show 3f0c5a",
    run: async (call) => show(call, await call.api.get<Certificate>(addressOf(call))),
  },
  {
    words: "cert sign",
    summary: "Sign a device's request (PEM or DER; - is standard input) and print the certificate with its chain.",
    operands: [{ name: "USERNAME" }, { name: "FILE", file: true }],
    options: { out: OUT },
    example: "cert sign pump-1 pump-1.csr --out pump-1.pem",
    run: sign,
  },
  {
    words: "cert revoke",
    summary: "Revoke a certificate; its live session ends within a second.",
    operands: [SERIAL],
    options: { reason: { value: "TEXT", summary: "why, for the record" } },
    example: 'cert revoke 3f0c5a --reason "device stolen"',
    async run(call) {
      const reason = call.text("reason")
      const json = reason === undefined ? {} : { reason }
      show(call, await call.api.ask<Certificate>("POST", `${addressOf(call)}/revoke`, { json }))
    },
  },
  {
    words: "cert download",
    summary: "Print a certificate that was issued before, with the authority that signed it.",
    operands: [SERIAL],
    options: { out: OUT },
    example: "cert download 3f0c5a --out pump-1.pem",
    async run(call) {
      const ask = async () => ({ chain: await call.api.text("GET", `${addressOf(call)}/chain`) })
      await deliver(call, ask)
    },
  },
  {
    words: "cert chain",
    summary: "Print what clients trust: this gateway's issuing and root certificate.",
    options: { out: OUT },
    example: "cert chain --out ca.pem",
    async run(call) {
      const ask = async () => ({ chain: await call.api.text("GET", "/authority") })
      await deliver(call, ask)
    },
  },
]

async function sign(call: Call): Promise<void> {
  const bytes = await contentOf(call.operand("FILE"))
  const path = `/users/${part(call.operand("USERNAME"))}/certificates`
  await deliver(call, () => call.api.ask<Issued>("POST", path, { bytes, type: "application/pkcs10" }))
}

/**
 * The chain of an answer, on standard output or in a file that is made before anything is asked: a certificate that
 * could not be put down would be issued for nothing, and no file is replaced, as it may be the device's key.
 */
async function deliver<T extends { readonly chain: string }>(call: Call, ask: () => Promise<T>): Promise<void> {
  const out = call.text("out")
  if (out === undefined) {
    const answer = await ask()
    if (call.screen.json) call.screen.answer(answer, () => [])
    else call.screen.raw(answer.chain)
    return
  }
  await using file = await newFile(out)
  try {
    const answer = await ask()
    await file.chmod(0o644)
    await file.writeFile(answer.chain)
    call.screen.answer(answer, () => `${out} is written.`)
  } catch (error) {
    await rm(out, { force: true })
    throw error
  }
}

async function newFile(path: string): Promise<FileHandle> {
  try {
    return await open(path, "wx", 0o644)
  } catch (error) {
    const exists = error instanceof Error && "code" in error && error.code === "EEXIST"
    const why = exists ? "it exists; remove it or name another" : error instanceof Error ? error.message : String(error)
    throw new Failure(`${path} cannot be made: ${why}`)
  }
}

/** The content of a file that a person names; `-` is standard input. */
export async function contentOf(file: string): Promise<Buffer> {
  try {
    if (file !== "-") return await readFile(file)
    const chunks: Buffer[] = []
    for await (const chunk of process.stdin) chunks.push(chunk)
    return Buffer.concat(chunks)
  } catch (error) {
    throw new Failure(`${file} cannot be read: ${error instanceof Error ? error.message : error}`)
  }
}

function addressOf(call: Call): string {
  return `/certificates/${part(call.operand("SERIAL").toLowerCase().replaceAll(":", ""))}`
}

function show({ screen }: Call, certificate: Certificate): void {
  const { serial, commonName, kind, state, notAfter, issuedAt, issuedBy, through, keyOrigin } = certificate
  screen.answer(certificate, () =>
    screen.facts([
      ["serial", serial],
      ["common name", `${commonName} (${kind})`],
      ["state", state],
      ["expires", moment(notAfter)],
      ["issued", `${moment(issuedAt)} by ${issuedBy} through ${through}`],
      ["key made by", keyOrigin],
      ["fingerprint", certificate.fingerprint],
      ["public key", certificate.publicKey],
    ]),
  )
}

function listLines(screen: Screen, certificates: readonly Certificate[]): string[] {
  const rows = certificates.map(({ serial, commonName, kind, state, notAfter, issuedBy }) => [
    serial,
    commonName,
    kind,
    state,
    moment(notAfter),
    issuedBy,
  ])
  return screen.table(
    ["SERIAL", "COMMON NAME", "KIND", "STATE", "EXPIRES", "ISSUED BY"],
    rows,
    "there is no certificate",
  )
}
