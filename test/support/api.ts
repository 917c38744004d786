import { request } from "node:https"

export interface Answer {
  readonly status: number
  // biome-ignore lint/suspicious/noExplicitAny: an answer is whatever it is; each test says what it expects
  readonly body: any
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
}

/** A client of the API, as a script would be one. Throws on 4xx and 5xx unless `raw` is used. */
export class Api {
  readonly #port: number
  token: string | undefined

  constructor(port: number) {
    this.#port = port
  }

  async signIn(username: string, password: string): Promise<void> {
    this.token = undefined
    this.token = (await this.post("/tokens", { username, password })).token
  }

  // biome-ignore lint/suspicious/noExplicitAny: see Answer
  get(path: string): Promise<any> {
    return this.#ok("GET", path)
  }

  // biome-ignore lint/suspicious/noExplicitAny: see Answer
  post(path: string, body: unknown = {}): Promise<any> {
    return this.#ok("POST", path, body)
  }

  // biome-ignore lint/suspicious/noExplicitAny: see Answer
  patch(path: string, body: unknown): Promise<any> {
    return this.#ok("PATCH", path, body)
  }

  // biome-ignore lint/suspicious/noExplicitAny: see Answer
  put(path: string, body: unknown): Promise<any> {
    return this.#ok("PUT", path, body)
  }

  // biome-ignore lint/suspicious/noExplicitAny: see Answer
  delete(path: string): Promise<any> {
    return this.#ok("DELETE", path)
  }

  raw(method: string, path: string, body?: unknown, more: Readonly<Record<string, string>> = {}): Promise<Answer> {
    const text = body === undefined ? undefined : JSON.stringify(body)
    const headers: Record<string, string> = {
      ...(text === undefined ? {} : { "content-type": "application/json" }),
      ...more,
    }
    if (this.token !== undefined) headers.authorization = `Bearer ${this.token}`
    return new Promise((resolve, reject) => {
      const options = { host: "127.0.0.1", port: this.#port, path: `/api/v1${path}`, method, headers }
      // the page's certificate is judged by tests of its own; here only the API matters
      const call = request({ ...options, rejectUnauthorized: false, agent: false }, (response) => {
        const chunks: Buffer[] = []
        response.on("data", (chunk: Buffer) => chunks.push(chunk))
        response.on("end", () => {
          const received = Buffer.concat(chunks).toString()
          const json = response.headers["content-type"]?.includes("json")
          resolve({
            status: response.statusCode ?? 0,
            body: json ? JSON.parse(received) : received,
            headers: response.headers,
          })
        })
      })
      call.on("error", reject)
      call.end(text)
    })
  }

  async #ok(method: string, path: string, body?: unknown): Promise<Answer["body"]> {
    const answer = await this.raw(method, path, body)
    if (answer.status >= 400) throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`)
    return answer.body
  }
}
