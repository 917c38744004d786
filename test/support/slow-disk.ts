import { join } from "node:path"
import { DatabaseSync } from "node:sqlite"
import type { TestGateway } from "./gateway.ts"

/**
 * A disk that takes nothing until it is disposed of: holds the write lock of the broker's store, for which the gateway
 * waits up to 5 s before it calls the disk failed.
 */
export class SlowDisk implements Disposable {
  readonly #file: DatabaseSync

  constructor({ folder }: Pick<TestGateway, "folder">) {
    this.#file = new DatabaseSync(join(folder, "state/broker/sessions.db"), { timeout: 5000 })
    this.#file.exec("BEGIN IMMEDIATE")
  }

  [Symbol.dispose](): void {
    if (!this.#file.isOpen) return
    this.#file.exec("ROLLBACK")
    this.#file.close()
  }
}
