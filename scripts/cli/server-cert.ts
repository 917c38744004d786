import type { z } from "zod"
import type { serverCertificatesAnswer } from "../../service/http/contract-certificates.ts"
import { contentOf } from "./cert.ts"
import { type Command, misused } from "./command.ts"
import { moment } from "./moment.ts"

type Servers = z.infer<typeof serverCertificatesAnswer>

const SERVER = { name: "SERVER", choices: ["page", "broker"] } as const

/** The certificates that the page and the broker show. */
export const SERVER_CERT_COMMANDS: readonly Command[] = [
  {
    words: "server-cert show",
    summary: "Show which certificates the page and the broker have, and until when.",
    example: "server-cert show",
    async run({ api, screen }) {
      const answer = await api.get<Servers>("/server-certificates")
      const rows = answer.servers.map(({ server, uploaded, notAfter, names, addresses }) => [
        ...[server, uploaded ? "uploaded" : "the gateway's own", moment(notAfter), [...names, ...addresses].join(" ")],
      ])
      screen.answer(answer, () => screen.table(["SERVER", "WHOSE", "EXPIRES", "NAMES"], rows, "there is none"))
    },
  },
  {
    words: "server-cert upload",
    summary: "Show a certificate of one's own (PEM, the server's first) from the next handshake on.",
    operands: [SERVER, { name: "FILE", file: true }],
    options: { key: { value: "FILE", file: true, summary: "the certificate's key, PEM, without a passphrase" } },
    example: "server-cert upload page gateway.pem --key gateway.key",
    async run({ api, screen, operand, text }) {
      const file = text("key")
      if (file === undefined) throw misused("name the file of the certificate's key with --key")
      const [chain, key] = [(await contentOf(operand("FILE"))).toString(), (await contentOf(file)).toString()]
      await api.ask("PUT", `/server-certificates/${operand("SERVER")}`, { json: { chain, key } })
      screen.answer({}, () => `The ${operand("SERVER")} shows it from now on.`)
    },
  },
  {
    words: "server-cert remove",
    summary: "Show the gateway's own certificate again.",
    operands: [SERVER],
    example: "server-cert remove page",
    async run({ api, screen, operand }) {
      await api.ask("DELETE", `/server-certificates/${operand("SERVER")}`)
      screen.answer({}, () => `The ${operand("SERVER")} shows the gateway's own certificate again.`)
    },
  },
]
