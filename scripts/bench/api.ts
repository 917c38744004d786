import { Agent, request } from "node:https"

/** A client of the gateway's API that keeps its connections open. */
export class Api implements Disposable {
  readonly #port: number
  readonly #agent: Agent
  #token: string | undefined

  /** `ca` is the page's authority, PEM. */
  constructor(port: number, ca: string) {
    this.#port = port
    this.#agent = new Agent({ keepAlive: true, maxSockets: 8, ca, servername: "localhost" })
  }

  async signIn(username: string, password: string): Promise<void> {
    const { token } = await this.call("POST", "/tokens", { username, password })
    this.#token = String(token)
  }

  /** Rejects unless the answer is a success; its body is an object, or empty. */
  call(method: string, path: string, body?: unknown): Promise<Readonly<Record<string, unknown>>> {
    const text = body === undefined ? undefined : JSON.stringify(body)
    const headers: Record<string, string> = text === undefined ? {} : { "content-type": "application/json" }
    if (this.#token !== undefined) headers.authorization = `Bearer ${this.#token}`
    const options = { host: "127.0.0.1", port: this.#port, path: `/api/v1${path}`, method, headers, agent: this.#agent }
    return new Promise((resolve, reject) => {
      const call = request(options, (response) => {
        const chunks: Buffer[] = []
        response.on("data", (chunk: Buffer) => chunks.push(chunk))
        response.on("error", reject)
        response.on("end", () => {
          const received = Buffer.concat(chunks).toString()
          if ((response.statusCode ?? 500) < 300) resolve(received === "" ? {} : JSON.parse(received))
          else reject(new Error(`${method} ${path}: ${response.statusCode} ${received}`))
        })
      })
      call.on("error", reject)
      call.end(text)
    })
  }

  [Symbol.dispose](): void {
    this.#agent.destroy()
  }
}
