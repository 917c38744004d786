import { existsSync, mkdirSync, readFileSync, rmSync } from "node:fs"
import { join } from "node:path"
import { run } from "./run.ts"

/** Who signs bundles. */
export interface Signing {
  /** A file, or a PKCS#11 URI (RFC 7512). */
  readonly key: string
  /** The certificate of the key. */
  readonly certificate: string
  /** PEM file of what boxes with this image trust. */
  readonly keyring: string
}

/** Bundles are judged by the time of their signature, so certificates may end; these do not within a box's life. */
const DAYS = "10950"

/**
 * The development keys in `folder`: an authority and a signer, made once and never part of the repository. Whoever has
 * them can update every box that runs an image built with them.
 */
export function developmentKeys(folder: string, name = "gatehouse development"): Signing {
  const path = (file: string) => join(folder, file)
  const keys = { key: path("signer.key"), certificate: path("signer.pem"), keyring: path("authority.pem") }
  if (existsSync(keys.certificate)) return keys
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const ec = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", DAYS, "-x509"]
  const authority = ["-keyout", path("authority.key"), "-out", keys.keyring, "-subj", `/O=${name}/CN=${name} authority`]
  run("openssl", ["req", ...ec, ...authority, "-addext", "keyUsage=critical,keyCertSign,cRLSign"])
  const issuer = ["-CA", keys.keyring, "-CAkey", path("authority.key")]
  const signer = ["-keyout", keys.key, "-out", keys.certificate, "-subj", `/O=${name}/CN=${name} bundles`]
  const leaf = ["-addext", "basicConstraints=critical,CA:FALSE", "-addext", "keyUsage=critical,digitalSignature"]
  run("openssl", ["req", ...ec, ...issuer, ...signer, ...leaf])
  return keys
}

export function keyringText({ keyring }: Signing): string {
  return readFileSync(keyring, "utf8")
}
