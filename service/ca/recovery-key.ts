import { createPrivateKey, randomInt } from "node:crypto"
import { GatewayError } from "../errors.ts"

/** Crockford's base 32: no I, L, O or U, so that a key can be read out and typed without doubt. */
const ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

/** A fresh recovery key: 140 random bits as seven groups of four. It is shown once and kept nowhere. */
export function newRecoveryKey(): string {
  const group = () => Array.from({ length: 4 }, () => ALPHABET[randomInt(32)]).join("")
  return Array.from({ length: 7 }, group).join("-")
}

/** The root key as encrypted PKCS#8 in PEM (`ENCRYPTED PRIVATE KEY`). The key's own entropy protects it, not the KDF. */
export function sealRootKey(rootKeyPem: string, recoveryKey: string): string {
  return createPrivateKey(rootKeyPem)
    .export({ type: "pkcs8", format: "pem", cipher: "aes-256-cbc", passphrase: plain(recoveryKey) })
    .toString()
}

/** The root key in PEM again. Throws `GatewayError("bad-request")` when this recovery key did not seal it. */
export function unsealRootKey(sealedPem: string, recoveryKey: string): string {
  try {
    const key = createPrivateKey({ key: sealedPem, passphrase: plain(recoveryKey) })
    return key.export({ type: "pkcs8", format: "pem" }).toString()
  } catch {
    throw new GatewayError(
      "bad-request",
      "this recovery key does not open the root key; compare it with what was written down, group by group",
    )
  }
}

/** Case, dashes and blanks do not matter, O is 0, I and L are 1. */
function plain(typed: string): string {
  return typed.toUpperCase().replace(/[\s-]/g, "").replaceAll("O", "0").replace(/[IL]/g, "1")
}
