import type { User } from "../access/user.ts"

/** What a server judges by that has passes of its own kind, or none: it serves no route that gives one out. */
export interface Tokens extends Disposable {
  issue(user: User, ttlSeconds: number): { readonly token: string; readonly expiresAt: string }
  judge(token: string): { readonly id: string; readonly user: User } | undefined
  end(id: string): void
}
