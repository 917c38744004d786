import assert from "node:assert/strict"
import { execFile } from "node:child_process"
import { promisify } from "node:util"
import type { Dialect, Material, Outcome, Refused } from "../../../service/serial/dialect.ts"
import { type Holdings, type Player, plugIn } from "../../support/players/player.ts"
import { type Certify, lineOver } from "../../support/provisioning.ts"
import { world } from "../ca/memory.ts"
import { file } from "../ca/openssl.ts"

const { authority } = world()

/** A real authority, in memory. */
export const certify: Certify = async (commonName, csr): Promise<Material> => {
  const issued = await authority.issue({ commonName, csr, by: "test", through: "serial" })
  const broker = { host: "192.0.2.7", port: 8883 }
  return { ...issued, broker, settings: {} }
}

/** A player on a cable of its own. */
export function bench(player: Player) {
  const port = plugIn(player)
  return { ...lineOver(port), pull: port.pull }
}

export function refusal(outcome: Outcome<unknown>): Refused {
  assert.ok(!outcome.ok, "it should have been refused")
  if (outcome.question === undefined)
    assert.match(outcome.sentence, /^[A-Za-z][^;?]+[;?(] ?.+/, "a sentence that names a remedy")
  return outcome
}

const run = promisify(execFile)
let judged = 0

/** What a device holds, judged by openssl: its chain up to our root, its name, and its key. */
export async function judge({ ca, certificate, key }: Holdings, commonName: string): Promise<void> {
  const folder = `judged-${judged++}`
  const written = (name: string, content: string) => file(`${folder}-${name}`, content)
  const openssl = async (...args: string[]) => (await run("openssl", args)).stdout
  const anchors = written("anchors.pem", `${ca}\n${authority.anchors[0]}`)
  const leaf = written("leaf.pem", certificate)
  await openssl("verify", "-x509_strict", "-purpose", "sslclient", "-CAfile", anchors, leaf)
  const subject = await openssl("x509", "-in", leaf, "-noout", "-subject", "-nameopt", "RFC2253")
  assert.equal(subject.trim(), `subject=CN=${commonName}`)
  const [own, certified] = await Promise.all([
    openssl("pkey", "-in", written("key.pem", key), "-pubout"),
    openssl("x509", "-in", leaf, "-noout", "-pubkey"),
  ])
  assert.equal(own, certified)
}

/** Nothing may hold the secret number of a P-256 key in PKCS#8, whole or in part: in base64 or in hex. */
export function assertNoKey(text: string, key: string): void {
  // bytes 36 to 67; around them lie a fixed beginning and the public key, which anybody may see
  const secret = Buffer.from(key.replace(/-----[^-]*-----|\s/g, ""), "base64").subarray(36, 68)
  const spoken = secret.toString("base64").slice(0, -2)
  for (let at = 0; at + 12 <= spoken.length; at++)
    assert.ok(!text.includes(spoken.slice(at, at + 12)), "a piece of a key")
  assert.ok(!text.toLowerCase().includes(secret.toString("hex").slice(0, 24)))
}

export type WithRequest = Dialect & Required<Pick<Dialect, "request">>
