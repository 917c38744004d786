import { existsSync, mkdirSync, rmdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"

const CONTROL = "/sys/fs/cgroup"

/**
 * A control group whose processes may take no more RAM than this, as systemd's MemoryMax= has it for the service: the
 * kernel ends what takes more. Works with both versions of control groups and needs root.
 */
export class MemoryGroup implements Disposable {
  readonly #folder: string

  private constructor(folder: string) {
    this.#folder = folder
  }

  /** Undefined where this machine does not let us. */
  static create(name: string, bytes: number): MemoryGroup | undefined {
    const first = existsSync(join(CONTROL, "memory"))
    const folder = join(first ? join(CONTROL, "memory") : CONTROL, name)
    try {
      mkdirSync(folder)
      writeFileSync(join(folder, first ? "memory.limit_in_bytes" : "memory.max"), String(bytes))
      return new MemoryGroup(folder)
    } catch {
      if (existsSync(folder)) rmdirSync(folder)
      return undefined
    }
  }

  /** The command that starts another one within the group: Node asks for its limit only once, when it begins. */
  within(command: string, args: readonly string[]): { command: string; args: readonly string[] } {
    const enter = 'echo $$ > "$0" && exec "$@"'
    return { command: "/bin/sh", args: ["-c", enter, join(this.#folder, "cgroup.procs"), command, ...args] }
  }

  /** Only once its processes have ended. */
  [Symbol.dispose](): void {
    rmdirSync(this.#folder)
  }
}
