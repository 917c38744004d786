import { createHash } from "node:crypto"
import { type Answer, ok } from "./answer.ts"
import { Problem } from "./problem.ts"
import type { Call } from "./route.ts"

type Asked = Pick<Call, "header">

/** A strong tag of what is shown: whoever changes something can say which state of it they saw (RFC 9110 8.8.3). */
export function etagOf(shown: unknown): string {
  return `"${createHash("sha256").update(JSON.stringify(shown)).digest("base64url").slice(0, 27)}"`
}

/** The answer with its tag; 304 for who has it already. */
export function tagged({ header }: Asked, shown: unknown): Answer {
  const etag = etagOf(shown)
  const known = header("if-none-match")
  if (known !== undefined && (known.trim() === "*" || tagsOf(known).includes(etag))) {
    return { status: 304, headers: { ETag: etag } }
  }
  return withTag(ok(shown), shown)
}

export function withTag(answer: Answer, shown: unknown): Answer {
  return { ...answer, headers: { ...answer.headers, ETag: etagOf(shown) } }
}

/**
 * Throws `stale` when the request names a state other than this one (RFC 9110 13.1.1): somebody else was here in
 * between. A request that names none is taken. `shown` is undefined where there is nothing yet.
 */
export function assertUnchanged({ header }: Asked, shown: unknown): void {
  const [wanted, unwanted] = [header("if-match"), header("if-none-match")]
  const tag = shown === undefined ? undefined : etagOf(shown)
  if (wanted !== undefined) {
    // a weak tag never matches here
    const matches = tag !== undefined && (wanted.trim() === "*" || listOf(wanted).includes(tag))
    if (!matches) throw new Problem("stale", "somebody changed this since you read it; read it again, then decide")
  }
  if (tag === undefined || unwanted === undefined) return
  if (unwanted.trim() === "*" || tagsOf(unwanted).includes(tag)) {
    throw new Problem("stale", "this exists already; read it, then change it")
  }
}

function listOf(header: string): string[] {
  return header.split(",").map((tag) => tag.trim())
}

/** The tags, weak ones as if they were strong (RFC 9110 8.8.3.2). */
function tagsOf(header: string): string[] {
  return listOf(header).map((tag) => tag.replace(/^W\//, ""))
}
