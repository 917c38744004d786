import { execFileSync, spawnSync } from "node:child_process"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { NOW } from "./memory.ts"

/** A folder for one test file's keys and certificates; gone when the process ends. */
export const folder = mkdtempSync(join(tmpdir(), "gatehouse-ca-"))
process.on("exit", () => rmSync(folder, { recursive: true, force: true }))

export function file(name: string, content?: string | Buffer): string {
  const path = join(folder, name)
  if (content !== undefined) writeFileSync(path, content)
  return path
}

/** Runs the real openssl; throws when it fails. */
export function openssl(...args: string[]): string {
  return execFileSync("openssl", args, { cwd: folder, stdio: ["ignore", "pipe", "pipe"] }).toString()
}

/** Both streams and the exit code, whatever it is. */
export function opensslSays(...args: string[]): { code: number | null; output: string } {
  const { status, stdout, stderr } = spawnSync("openssl", args, { cwd: folder })
  return { code: status, output: `${stdout}${stderr}` }
}

/** A request made by openssl for a key it makes with `genpkey`; more arguments go to `openssl req`. */
export function opensslCsr(keyArguments: readonly string[], subject: string, ...more: string[]): string {
  openssl("genpkey", ...keyArguments, "-out", "device.key")
  return opensslRequest("device.key", subject, ...more)
}

/** The same for a key made before: making one for RSA is slow. */
export function opensslRequest(key: string, subject: string, ...more: string[]): string {
  return openssl("req", "-new", "-key", key, "-subj", subject, ...more)
}

/** `openssl verify` at the moment the tests play at, whatever the real date. */
export function opensslVerify(...args: string[]): { code: number | null; output: string } {
  return opensslSays("verify", "-x509_strict", "-attime", `${NOW / 1000}`, ...args)
}
