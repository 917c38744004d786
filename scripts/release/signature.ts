import { createHash } from "node:crypto"
import { createReadStream, writeFileSync } from "node:fs"
import { join } from "node:path"
import { pipeline } from "node:stream/promises"
import type { Signing } from "../image/keys.ts"
import { run } from "../image/run.ts"

/** SHA-256 of a file, in hex. */
export async function sha256(path: string): Promise<string> {
  const hash = createHash("sha256")
  await pipeline(createReadStream(path), hash)
  return hash.digest("hex")
}

/** Writes a file that `sha256sum --check` reads. */
export async function writeChecksums(folder: string, names: readonly string[], target: string): Promise<void> {
  const lines: string[] = []
  for (const name of names) lines.push(`${await sha256(join(folder, name))}  ${name}\n`)
  writeFileSync(join(folder, target), lines.join(""))
}

/**
 * A detached CMS signature (RFC 5652) beside a file, by the key that signs bundles. To verify:
 * `openssl cms -verify -binary -inform DER -in FILE.p7s -content FILE -CAfile KEYRING -purpose any`
 */
export function sign(path: string, { key, certificate }: Signing): void {
  const engine = key.startsWith("pkcs11:") ? ["-engine", "pkcs11", "-keyform", "engine"] : []
  const signer = ["-signer", certificate, "-inkey", key, ...engine]
  run("openssl", ["cms", "-sign", "-binary", "-in", path, ...signer, "-outform", "DER", "-out", `${path}.p7s`])
}
