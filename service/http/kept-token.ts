import { isAdministrator } from "../access/access-document.ts"
import type { Directory } from "../access/directory.ts"
import { readingOnly } from "../access/intersection.ts"
import { credentialOf, type KeptToken, type TokensDocument } from "../access/kept-tokens.ts"
import { includes, inWords, type Permission } from "../access/permission.ts"
import type { User } from "../access/user.ts"
import type { Document } from "../document.ts"
import type { Pass, Passes } from "./pass.ts"
import { Problem } from "./problem.ts"

const MOST = 500
const MOST_PER_USER = 20
const MOST_RIGHTS = 500

export interface KeptWish {
  readonly label: string
  readonly ttlMs: number
  readonly readOnly: boolean
  readonly permissions?: readonly Permission[] | undefined
  readonly address: string
}

/** The tokens that programs keep: on the disk by their SHA-256, in use among all the other passes. */
export class KeptTokens {
  readonly #document: Document<TokensDocument>
  readonly #passes: Passes
  readonly #directory: Directory

  /** Puts the tokens of the document in use. */
  constructor(document: Document<TokensDocument>, passes: Passes, directory: Directory) {
    this.#document = document
    this.#passes = passes
    this.#directory = directory
    for (const token of document.value.tokens) passes.restore(token)
  }

  /** A new token for this user, usable once it is on the disk. Throws `forbidden`, `conflict` and `disk-failed`. */
  async issue(user: User, wish: KeptWish): Promise<{ readonly secret: string; readonly pass: Pass }> {
    const scope = this.#scopeOf(user, wish)
    this.#assertRoom(user.username)
    const { label, ttlMs, address } = wish
    const made = this.#passes.issue(user, { kind: "kept", ttlMs, address, label, scope })
    const { createdAt, expiresAt, username } = made.pass
    const digest = this.#passes.digest(made.pass.id) ?? ""
    const credential = credentialOf(user) ?? ""
    const kept: KeptToken = { digest, username, credential, label, scope: [...scope], createdAt, expiresAt, address }
    try {
      await this.#document.update((before) => ({ ...before, tokens: [...before.tokens, kept] }))
    } catch (error) {
      this.#passes.end(made.pass.id)
      throw error
    }
    return made
  }

  /** Ends a token once that is on the disk: it must not be alive again after the next start. */
  async end(id: string): Promise<void> {
    const digest = this.#passes.digest(id)
    await this.#document.update((before) => ({
      ...before,
      tokens: before.tokens.filter((token) => token.digest !== digest),
    }))
    this.#passes.end(id)
  }

  /** Brings the disk in line: forgets tokens that ended, notes when the others were used. All in one write, if any. */
  async flush(): Promise<void> {
    const alive = new Map(this.#passes.list().map((pass) => [pass.id, pass]))
    const seen = (token: KeptToken) => alive.get(token.digest.slice(0, 32))
    const { tokens } = this.#document.value
    if (tokens.every((token) => seen(token) !== undefined && seen(token)?.lastUsedAt === token.lastUsedAt)) return
    await this.#document.update((before) => ({
      ...before,
      tokens: before.tokens.flatMap((token) => {
        const pass = seen(token) ?? this.#passes.look(token.digest.slice(0, 32))?.pass
        return pass === undefined ? [] : [{ ...token, ...used(pass) }]
      }),
    }))
  }

  /** What the token may do at most: what was asked for, or all that the user may do now, and only the reading of it. */
  #scopeOf(user: User, { permissions, readOnly }: KeptWish): readonly Permission[] {
    const held = this.#directory.rights(user)
    const beyond = isAdministrator(held) ? undefined : permissions?.find((wanted) => !includes(held, wanted))
    if (beyond !== undefined) {
      throw new Problem("forbidden", `${user.username} does not hold "${inWords(beyond)}"; ask for less`)
    }
    const scope = readOnly ? readingOnly(permissions ?? held) : (permissions ?? held)
    if (scope.length <= MOST_RIGHTS) return scope
    throw new Problem("conflict", `the token would have ${scope.length} permissions; name at most ${MOST_RIGHTS}`)
  }

  #assertRoom(username: string): void {
    const kept = this.#passes.list().filter(({ kind }) => kind === "kept")
    const own = kept.filter((pass) => pass.username === username).length
    if (own < MOST_PER_USER && kept.length < MOST) return
    throw new Problem("conflict", "there are too many kept tokens; end one that is not needed first")
  }
}

function used({ lastUsedAt, address }: Pass) {
  return lastUsedAt === undefined ? { address } : { lastUsedAt, address }
}
