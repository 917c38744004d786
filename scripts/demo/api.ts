import { request } from "node:https"

type Json = Record<string, unknown>

/** The few calls of the API that the demo makes. A person would use curl; the page does the same. */
export class DemoApi {
  readonly #port: number
  #token = ""

  constructor(port: number) {
    this.#port = port
  }

  async claim(code: string, username: string, password: string): Promise<void> {
    const { token } = await this.post("/claim", { code, username, password })
    this.#token = String(token)
  }

  get(path: string): Promise<Json> {
    return this.#call("GET", path)
  }

  post(path: string, body?: Json): Promise<Json> {
    return this.#call("POST", path, body === undefined ? undefined : JSON.stringify(body))
  }

  #call(method: string, path: string, body?: string): Promise<Json> {
    const headers = {
      ...(body === undefined ? {} : { "content-type": "application/json" }),
      ...(this.#token === "" ? {} : { authorization: `Bearer ${this.#token}` }),
    }
    const url = `https://127.0.0.1:${this.#port}/api/v1${path}`
    return new Promise((resolve, reject) => {
      // over loopback to a gateway of this very process: there is nobody else it could be
      const call = request(url, { method, headers, rejectUnauthorized: false, agent: false }, (response) => {
        let text = ""
        response.on("data", (chunk: Buffer) => {
          text += chunk.toString()
        })
        response.on("end", () => {
          if ((response.statusCode ?? 500) < 400) resolve(text === "" ? {} : JSON.parse(text))
          else reject(new Error(`${method} ${path} answered ${response.statusCode}: ${text}`))
        })
      })
      call.on("error", reject)
      call.end(body)
    })
  }
}
