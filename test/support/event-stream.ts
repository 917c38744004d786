import { request } from "node:https"

export interface HeardEvent {
  readonly kind: string
  // biome-ignore lint/suspicious/noExplicitAny: an event is whatever it is; each test says what it expects
  readonly data: any
}

export interface EventStream extends Disposable {
  readonly status: number
  readonly heard: HeardEvent[]
  /** Resolves with the first event, heard or to come, that it is true of; rejects after five seconds. */
  first(holds: (event: HeardEvent) => boolean): Promise<HeardEvent>
  /** Resolves once the gateway has ended it. */
  readonly ended: Promise<void>
}

/** Reads server-sent events of the API as a script would. */
export function openEventStream(port: number, path: string, token: string): Promise<EventStream> {
  const { promise, resolve, reject } = Promise.withResolvers<EventStream>()
  const headers = { authorization: `Bearer ${token}` }
  const options = { host: "127.0.0.1", port, path: `/api/v1${path}`, headers, rejectUnauthorized: false, agent: false }
  const asking = request(options as object, (response) => {
    const over = Promise.withResolvers<void>()
    const heard: HeardEvent[] = []
    const waiting = new Set<() => void>()
    let text = ""
    response.on("data", (chunk: Buffer) => {
      text += chunk
      for (let end = text.indexOf("\n\n"); end >= 0; end = text.indexOf("\n\n")) {
        const [, kind, data] = /^event: (.*)\ndata: (.*)$/m.exec(text.slice(0, end)) ?? []
        if (kind !== undefined && data !== undefined) heard.push({ kind, data: JSON.parse(data) })
        text = text.slice(end + 2)
      }
      for (const look of waiting) look()
    })
    response.on("error", () => {})
    response.once("close", () => over.resolve())
    const first = (holds: (event: HeardEvent) => boolean) => {
      const found = Promise.withResolvers<HeardEvent>()
      const look = () => {
        const event = heard.find(holds)
        if (event !== undefined) found.resolve(event)
      }
      const late = new Error(`no such event; heard: ${JSON.stringify(heard).slice(0, 2000)}`)
      const timer = setTimeout(() => found.reject(late), 5000)
      waiting.add(look)
      look()
      return found.promise.finally(() => {
        clearTimeout(timer)
        waiting.delete(look)
      })
    }
    const status = response.statusCode ?? 0
    resolve({ status, heard, first, ended: over.promise, [Symbol.dispose]: () => void asking.destroy() })
  })
  asking.on("error", reject)
  asking.end()
  return promise
}
