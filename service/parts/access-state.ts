import { availableParallelism } from "node:os"
import { join } from "node:path"
import { ACCESS_FORMAT, accessDocument, emptyAccess } from "../access/access-document.ts"
import { ACTIVITY_FORMAT, Activity, activityDocument, noActivity } from "../access/activity.ts"
import { Attempts } from "../access/attempts.ts"
import { Directory } from "../access/directory.ts"
import { Door } from "../access/door.ts"
import { noTokens, TOKENS_FORMAT, tokensDocument } from "../access/kept-tokens.ts"
import { Passwords } from "../access/password.ts"
import type { Clock } from "../clock.ts"
import { openDocument } from "../store/document.ts"

/** Users, when they were seen, their kept tokens, and what judges their passwords. Rejects with `document-damaged`. */
export async function openAccess(stateDirectory: string, clock: Clock, onReverted: (what: string) => void) {
  const users = {
    path: join(stateDirectory, "users.json"),
    format: `${ACCESS_FORMAT}/1`,
    schema: accessDocument,
    initial: emptyAccess,
    onReverted,
  }
  const seen = {
    path: join(stateDirectory, "activity.json"),
    format: `${ACTIVITY_FORMAT}/1`,
    schema: activityDocument,
    initial: noActivity,
    onReverted,
  }
  const tokens = {
    path: join(stateDirectory, "tokens.json"),
    format: `${TOKENS_FORMAT}/1`,
    schema: tokensDocument,
    initial: noTokens,
    onReverted,
  }
  return {
    keptTokens: await openDocument(tokens),
    directory: new Directory(await openDocument(users)),
    activity: new Activity(await openDocument(seen)),
    passwords: new Passwords(Math.min(2, availableParallelism() - 1)),
    attempts: new Attempts(clock),
    door: new Door(() => clock.now()),
  }
}
