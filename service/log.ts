/** What a log line carries beside its constant message. Never a password, key, token or payload. */
export type Fields = Readonly<Record<string, string | number | boolean | null | undefined>>

export interface Logger {
  error(message: string, fields?: Fields): void
  warn(message: string, fields?: Fields): void
  info(message: string, fields?: Fields): void
  debug(message: string, fields?: Fields): void
  /** The same log under a part's name. */
  for(part: string): Logger
}

/** syslog priorities (sd-daemon(3)); journald reads them from a `<n>` prefix. */
const PRIORITY = { error: 3, warn: 4, info: 6, debug: 7 } as const
export type Level = keyof typeof PRIORITY

/**
 * A log of one line per event: `<6>broker: client connected user=pump client=pump-1`. Values are quoted as JSON when
 * they hold anything but plain characters, so a hostile name can neither break the line nor forge another.
 */
export function openLog(level: Level, write: (line: string) => void, prefixed = false): Logger {
  const lowest = PRIORITY[level]
  const logger = (part: string): Logger => {
    const line = (at: Level) => (message: string, fields?: Fields) => {
      if (PRIORITY[at] > lowest) return
      write(`${prefixed ? `<${PRIORITY[at]}>` : ""}${part === "" ? "" : `${part}: `}${message}${rendered(fields)}\n`)
    }
    return { error: line("error"), warn: line("warn"), info: line("info"), debug: line("debug"), for: logger }
  }
  return logger("")
}

/** The fields as they stand behind a message, each after a blank. */
export function rendered(fields: Fields = {}): string {
  let text = ""
  for (const [name, value] of Object.entries(fields)) {
    if (value !== undefined) text += ` ${name}=${typeof value === "string" ? quoted(value) : value}`
  }
  return text
}

function quoted(value: string): string {
  if (/^[\w.:@/+#$%*,-]+$/.test(value)) return value
  // JSON leaves DEL, C1 controls and line separators as they are; a terminal or a log reader would act on them
  return JSON.stringify(value).replace(
    /[\u007f-\u009f\u2028\u2029]/g,
    (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`,
  )
}

export const silentLog: Logger = openLog("error", () => {})
