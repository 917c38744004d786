import assert from "node:assert/strict"
import { generateKeyPairSync } from "node:crypto"
import { pemBlocks } from "../../../service/ca/pem.ts"
import { issuerFrom } from "../../../service/ca/profile.ts"
import { type PresentedCertificate, Trust, type Verdict } from "../../../service/ca/trust.ts"
import { emptyTrust } from "../../../service/ca/trust-document.ts"
import { authority, type Party } from "./foreign.ts"
import { MemoryDocument, world } from "./memory.ts"
import { named } from "./requests.ts"

export const by = { by: "test", through: "test" }
export const ANYBODY = { scope: "*", by: "test" }

/** A gateway that trusts itself alone. */
export function opened() {
  const here = world()
  const document = new MemoryDocument(emptyTrust())
  const trust = new Trust({ own: here.authority, outside: document, clock: here.clock })
  const issue = (name: string, csr = named(name)) => here.authority.issue({ commonName: name, csr, ...by })
  const issuer = issuerFrom(here.material.issuingCertPem, here.material.issuingKeyPem)
  return { ...here, document, trust, issue, issuer }
}

export const der = (text: string) => pemBlocks(text)[0]!.der!

export function presented(leaf: Buffer | Party, more: Partial<PresentedCertificate> = {}): PresentedCertificate {
  return {
    leaf: "der" in leaf ? leaf.der : leaf,
    intermediates: [],
    resumed: false,
    authorizationError: undefined,
    ...more,
  }
}

/** "ok" or the cause of a refusal, whose sentence must name a remedy. */
export function cause(verdict: Verdict): string {
  if (verdict.ok) return "ok"
  assert.match(verdict.sentence, /; /, "a sentence names the remedy")
  return verdict.cause
}

/** An outside authority. */
export const root = authority("Plant 7 PKI")

/** A gateway that trusts `anchor` too, as "plant7". */
export async function trusting(scope = "plant7-*", anchor = root) {
  const here = opened()
  const [listed] = await here.trust.add(anchor.pem, { scope, by: "admin", id: "plant7" })
  assert.equal(listed?.id, "plant7")
  return here
}

export const rsa1024 = generateKeyPairSync("rsa", { modulusLength: 1024 }).privateKey
