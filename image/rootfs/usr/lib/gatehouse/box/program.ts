import { execFile, spawn } from "node:child_process"

export interface Ended {
  readonly status: number
  /** What it printed. */
  readonly output: string
  /** What it complained about. */
  readonly errors: string
}

/** Runs a program to its end; its exit status is an answer, not a failure. Output is kept up to 1 MiB. */
export function runProgram(file: string, args: readonly string[]): Promise<Ended> {
  return new Promise((resolve) => {
    execFile(file, args, { encoding: "utf8", maxBuffer: 1024 * 1024 }, (error, stdout, stderr) => {
      const status = error === null ? 0 : typeof error.code === "number" ? error.code : 1
      resolve({ status, output: stdout, errors: stderr })
    })
  })
}

/** The same, with each line told as it comes; both kinds are one output. */
export function followProgram(
  file: string,
  args: readonly string[],
  onLine: (line: string) => void,
): Promise<Omit<Ended, "errors">> {
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, { stdio: ["ignore", "pipe", "pipe"] })
    const output: string[] = []
    let rest = ""
    const take = (chunk: string) => {
      const lines = (rest + chunk).split("\n")
      rest = lines.pop() ?? ""
      for (const line of lines) {
        output.push(line)
        onLine(line)
      }
    }
    child.stdout.setEncoding("utf8").on("data", take)
    child.stderr.setEncoding("utf8").on("data", take)
    child.on("error", reject)
    child.on("close", (status) => resolve({ status: status ?? 1, output: [...output, rest].join("\n") }))
  })
}
