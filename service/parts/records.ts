import { join } from "node:path"
import type { Directory } from "../access/directory.ts"
import type { Door } from "../access/door.ts"
import { HISTORY_FORMAT, History, historyDocument, noHistory } from "../access/history.ts"
import { Audit, auditRecord } from "../audit.ts"
import type { Clock } from "../clock.ts"
import type { Logger } from "../log.ts"
import { openBoundedJournal } from "../store/bounded-journal.ts"
import { openDocument } from "../store/document.ts"
import { repeat, type Watched } from "../upkeep.ts"

/** At most so often is the history written whole: a card wears out. */
const HISTORY_MS = 60_000
/** Changes in one file of the journal, and so the least that is kept of them. */
const AUDITED = 2500

/** What is remembered of what happened: who came and went, and who changed what. */
export interface Records {
  readonly history: History
  readonly audit: Audit
}

export interface RecordParts {
  readonly stateDirectory: string
  readonly directory: Directory
  readonly door: Door
  readonly clock: Clock
  readonly log: Logger
  readonly onTorn: (detail: string) => void
  readonly writing: () => Watched
}

export async function openRecords(options: RecordParts): Promise<Records & AsyncDisposable> {
  const { stateDirectory, directory, door, clock, log, onTorn } = options
  await using parts = new AsyncDisposableStack()
  const document = await openDocument({
    path: join(stateDirectory, "history.json"),
    format: `${HISTORY_FORMAT}/1`,
    schema: historyDocument,
    initial: noHistory,
  })
  const history = new History(document)
  const written = options.writing()
  const keep = () => written(() => history.flush((username) => directory.users.has(username)))
  parts.defer(keep)
  parts.use(repeat("keeping who came and went", HISTORY_MS, keep, log))
  parts.defer(
    door.onRecord(({ cause, sentence, name, address, last }) => {
      // of strangers there is nothing to remember; the list of the refused shows them
      if (!directory.users.has(name)) return
      history.note({ username: name, kind: "refused", at: last, clientId: "", address, cause, detail: sentence })
    }),
  )
  const path = join(stateDirectory, "audit.jsonl")
  const journal = parts.use(await openBoundedJournal({ path, schema: auditRecord, onTorn, most: AUDITED }))
  const audit = new Audit(journal, clock, 2 * AUDITED)
  const stack = parts.move()
  return { history, audit, [Symbol.asyncDispose]: () => stack.disposeAsync() }
}
