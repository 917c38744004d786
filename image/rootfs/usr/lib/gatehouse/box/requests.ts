import { closeSync, constants, openSync, readFileSync } from "node:fs"
import { isSmallFile } from "./bundle.ts"
import { MOST_BYTES } from "./request.ts"

/**
 * The text of a request file; undefined where it is not an ordinary file of a fitting size. The folder is the
 * service's, so anything may lie there: links and pipes are not followed and not waited for.
 */
export function readRequest(path: string): string | undefined {
  let file: number
  try {
    file = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
  } catch {
    return undefined
  }
  try {
    return isSmallFile(file, MOST_BYTES) ? readFileSync(file, "utf8") : undefined
  } finally {
    closeSync(file)
  }
}
