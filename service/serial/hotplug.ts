import { type FSWatcher, watch } from "node:fs"
import { dirname } from "node:path"
import { type Listed, type ListingOptions, listPorts } from "./listing.ts"

export interface HotplugParts extends ListingOptions {
  /** Milliseconds between two looks; also what a missed notification costs. */
  readonly periodMs: number
  readonly onAppeared: (port: Listed) => void
  readonly onVanished: (port: Listed) => void
  readonly onFailed: (error: unknown) => void
}

/**
 * Follows which ports there are: a look at the list every second, and at once when the folder of the device files
 * changes (inotify). A port that came back under the same name in between has vanished and appeared.
 */
export class Hotplug implements AsyncDisposable {
  readonly #parts: HotplugParts
  readonly #timer: NodeJS.Timeout
  readonly #watchers: readonly FSWatcher[]
  #known = new Map<string, Listed>()
  #looking: Promise<void> | undefined
  #again = false

  constructor(parts: HotplugParts) {
    this.#parts = parts
    this.#timer = setInterval(() => void this.look(), parts.periodMs)
    this.#timer.unref()
    const folders = new Set([`${parts.root.replace(/\/$/, "")}/dev`, ...parts.extra.map(dirname)])
    this.#watchers = [...folders].flatMap((folder) => this.#watched(folder))
  }

  /** Looks now; resolves when what there is has been told. */
  look(): Promise<void> {
    if (this.#looking !== undefined) {
      this.#again = true
      return this.#looking
    }
    this.#looking = this.#lookOn().finally(() => {
      this.#looking = undefined
    })
    return this.#looking
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer)
    for (const watcher of this.#watchers) watcher.close()
    await this.#looking
  }

  async #lookOn(): Promise<void> {
    do {
      this.#again = false
      try {
        this.#compare(await listPorts(this.#parts))
      } catch (error) {
        this.#parts.onFailed(error)
      }
    } while (this.#again)
  }

  #compare(listed: readonly Listed[]): void {
    const now = new Map(listed.map((port) => [port.plug.path, port]))
    const before = this.#known
    this.#known = now
    for (const [path, port] of before) {
      if (now.get(path)?.incarnation !== port.incarnation) this.#parts.onVanished(port)
    }
    for (const [path, port] of now) {
      if (before.get(path)?.incarnation !== port.incarnation) this.#parts.onAppeared(port)
    }
  }

  /** Without inotify, or without the folder, the look every second has to do. */
  #watched(folder: string): FSWatcher[] {
    try {
      const watcher = watch(folder, { persistent: false }, (change) => {
        if (change === "rename") void this.look() // every byte sent to a port is a change, too
      })
      watcher.on("error", () => watcher.close())
      return [watcher]
    } catch {
      return []
    }
  }
}
