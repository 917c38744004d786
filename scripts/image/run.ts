import { type SpawnSyncOptions, spawnSync } from "node:child_process"

/** What stops a build, in words for the person who started it. */
export class BuildError extends Error {}

export interface RunOptions {
  readonly cwd?: string
  readonly env?: Readonly<Record<string, string>>
  readonly input?: string
  /** Shows the program's own progress instead of keeping its output for the error message. */
  readonly shown?: boolean
}

const MOST_OUTPUT = 256 * 1024 * 1024

/** Runs a program to its end and answers its standard output. Throws `BuildError` with its last lines when it fails. */
export function run(program: string, args: readonly string[], options: RunOptions = {}): string {
  const spawned: SpawnSyncOptions = {
    env: { ...process.env, ...options.env },
    stdio: ["pipe", options.shown ? "inherit" : "pipe", options.shown ? "inherit" : "pipe"],
    maxBuffer: MOST_OUTPUT,
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    ...(options.input === undefined ? {} : { input: options.input }),
  }
  const { status, signal, error, stdout, stderr } = spawnSync(program, args, { ...spawned, encoding: "utf8" })
  if (error !== undefined) throw new BuildError(`${program} could not be run: ${error.message}`)
  if (status === 0) return stdout ?? ""
  const said = `${stdout ?? ""}${stderr ?? ""}`.trim().split("\n").slice(-8).join("\n")
  throw new BuildError(`${program} ${args.slice(0, 3).join(" ")} ended with ${status ?? signal}\n${said}`)
}

/** Says what is being done, does it, and says how long it took. */
export async function step<T>(name: string, work: () => T | Promise<T>): Promise<T> {
  const began = performance.now()
  process.stdout.write(`${name} …\n`)
  const result = await work()
  process.stdout.write(`${name}: ${((performance.now() - began) / 1000).toFixed(1)} s\n`)
  return result
}
