import { type ChildProcess, execFile, spawn } from "node:child_process"
import { once } from "node:events"
import { promisify } from "node:util"
import mqtt from "mqtt"

const run = promisify(execFile)

/** What a command-line client said and how it ended. */
export interface Ended {
  readonly code: number
  readonly out: string
  readonly err: string
}

/** Runs a client of Debian's mosquitto-clients to its end; it ends by itself or is ended after 10 s. */
export async function mosquitto(program: "mosquitto_pub" | "mosquitto_sub", args: readonly string[]): Promise<Ended> {
  try {
    const { stdout, stderr } = await run(program, [...args], { timeout: 10_000 })
    return { code: 0, out: stdout, err: stderr }
  } catch (error) {
    const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string }
    return { code, out: stdout, err: stderr }
  }
}

/** A mosquitto_sub that is subscribed, and what it has printed since. */
export class Subscriber implements AsyncDisposable {
  readonly #process: ChildProcess
  #printed = ""
  readonly #waiting = new Set<() => void>()

  private constructor(process: ChildProcess) {
    this.#process = process
    for (const stream of [process.stdout, process.stderr]) {
      stream?.on("data", (chunk: Buffer) => {
        this.#printed += chunk.toString()
        for (const look of this.#waiting) look()
      })
    }
  }

  /** Resolves once SUBACK has come. */
  static async open(args: readonly string[]): Promise<Subscriber> {
    const subscriber = new Subscriber(spawn("stdbuf", ["-oL", "mosquitto_sub", "-d", ...args])) // into a pipe it would print at its end
    await subscriber.prints(/Subscribed \(mid/)
    return subscriber
  }

  get printed(): string {
    return this.#printed
  }

  /** Resolves once the output matches; rejects with the whole output after `ms`. */
  prints(pattern: RegExp, ms = 5000): Promise<void> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => done(new Error(`no ${pattern} in:\n${this.#printed}`)), ms)
      const look = () => pattern.test(this.#printed) && done()
      const done = (error?: Error) => {
        clearTimeout(timer)
        this.#waiting.delete(look)
        if (error === undefined) resolve()
        else reject(error)
      }
      this.#waiting.add(look)
      look()
    })
  }

  /** Resolves with the exit code once the process has ended by itself. */
  async ended(): Promise<number | null> {
    if (this.#process.exitCode === null) await once(this.#process, "exit")
    return this.#process.exitCode
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return
    const gone = once(this.#process, "exit")
    this.#process.kill()
    await gone
  }
}

/** One mqtt.js client that connected, or the CONNACK reason that it did not; no reconnects. */
export async function connectJs(
  url: string,
  options: mqtt.IClientOptions,
): Promise<{ client?: mqtt.MqttClient; refused?: number | string }> {
  const client = mqtt.connect(url, { ...options, reconnectPeriod: 0, connectTimeout: 5000 })
  return new Promise((resolve) => {
    client.once("connect", () => resolve({ client }))
    client.once("error", (error) => {
      client.end(true)
      resolve({ refused: "code" in error ? (error.code as number | string) : error.message })
    })
    client.once("close", () => resolve({ refused: "closed" }))
  })
}
