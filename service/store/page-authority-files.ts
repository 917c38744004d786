import { rename } from "node:fs/promises"
import { join } from "node:path"
import { createPageAuthority, PageAuthority } from "../ca/page-authority.ts"
import type { Clock } from "../clock.ts"
import { GatewayError } from "../errors.ts"
import { readKeyFile, writeKeyFile } from "./key-file.ts"

/**
 * The page's own authority from `folder`, created at the first start. It may speak for certain names only; when the
 * gateway has got another name, the old authority is set aside and a new one made, which people have to install again.
 * The key is written first and set aside last: a certificate alone is damage. Rejects with
 * `GatewayError("state-unusable")`.
 */
export async function openPageAuthorityFiles(
  folder: string,
  site: string,
  names: readonly string[],
  clock: Clock,
): Promise<PageAuthority> {
  const [keyFile, certFile] = [join(folder, "page.key"), join(folder, "page-ca.pem")]
  const stored = { keyPem: await readKeyFile(keyFile), certPem: await readKeyFile(certFile) }
  if (stored.certPem !== null) {
    const authority = opened(folder, stored.keyPem ?? "", stored.certPem, clock)
    if (names.every((name) => authority.permits(name))) return authority
    await rename(certFile, `${certFile}.replaced`)
    await rename(keyFile, `${keyFile}.replaced`)
  }
  const material = createPageAuthority(site, names)
  await writeKeyFile(keyFile, material.keyPem)
  await writeKeyFile(certFile, material.certPem)
  return new PageAuthority(material, clock)
}

function opened(folder: string, keyPem: string, certPem: string, clock: Clock): PageAuthority {
  try {
    return new PageAuthority({ keyPem, certPem }, clock)
  } catch (error) {
    throw error instanceof GatewayError ? new GatewayError(error.code, `${folder}: ${error.message}`) : error
  }
}
