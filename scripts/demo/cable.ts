import { spawn } from "node:child_process"
import { rm } from "node:fs/promises"
import { join } from "node:path"

/** A serial cable of two pseudo-terminals, until it is disposed of. */
export interface Cable extends AsyncDisposable {
  readonly device: string
}

/** The gateway's end of the cable, there or not: what its configuration names as an extra port. */
export function hostEnd(folder: string): string {
  return join(folder, "ttyHOST")
}

/** Plugs the cable in; undefined where socat is missing. */
export async function plugIn(folder: string): Promise<Cable | undefined> {
  const device = join(folder, "ttyDEVICE")
  const end = (link: string) => `pty,raw,echo=0,link=${link}`
  const socat = spawn("socat", ["-d", "-d", end(device), end(hostEnd(folder))], { stdio: ["ignore", "ignore", "pipe"] })
  const ended = new Promise((resolve) => socat.once("close", resolve))
  const there = new Promise<boolean>((resolve) => {
    socat.once("error", () => resolve(false))
    socat.stderr.on("data", (text: Buffer) => /starting data transfer loop/.test(String(text)) && resolve(true))
    socat.once("exit", () => resolve(false))
  })
  if (!(await there)) return undefined
  return {
    device,
    [Symbol.asyncDispose]: async () => {
      socat.kill()
      await ended
      await Promise.all([device, hostEnd(folder)].map((link) => rm(link, { force: true })))
    },
  }
}
