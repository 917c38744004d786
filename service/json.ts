/**
 * `JSON.parse` for files of this machine. A text that is not JSON throws a SyntaxError that says where, and quotes
 * nothing: V8's own message repeats a piece of the text, which may be a password or a key on its way into a log.
 */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    if (text.trim() === "") throw new SyntaxError("it is empty")
    throw new SyntaxError(`it stops being JSON at ${placeOf(text, firstWrong(text))}`)
  }
}

function placeOf(text: string, offset: number): string {
  const before = text.slice(0, offset).split("\n")
  const place = `line ${before.length}, column ${before[before.length - 1]!.length + 1}`
  return offset >= text.length ? `${place}, where it ends too early` : place
}

// RFC 8259, each with the white space before it
const SPACE = /[ \t\r\n]*/y
const OBJECT = /[ \t\r\n]*\{/y
const OBJECT_END = /[ \t\r\n]*\}/y
const ARRAY = /[ \t\r\n]*\[/y
const ARRAY_END = /[ \t\r\n]*\]/y
const COMMA = /[ \t\r\n]*,/y
const COLON = /[ \t\r\n]*:/y
// one character at a time: a quantifier within the quantifier would take for ever over a string that never ends
const STRING = /[ \t\r\n]*"(?:[ !#-[\]-\uffff]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y
const NUMBER_OR_WORD = /[ \t\r\n]*(?:-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null)/y

/** Offset of the first character that cannot stand where it stands, or the text's length if it merely ends. */
function firstWrong(text: string): number {
  let at = 0
  const takes = (pattern: RegExp): boolean => {
    pattern.lastIndex = at
    if (!pattern.test(text)) return false
    at = pattern.lastIndex
    return true
  }
  const value = (): boolean => {
    if (takes(OBJECT)) return list(member, OBJECT_END)
    if (takes(ARRAY)) return list(value, ARRAY_END)
    return takes(STRING) || takes(NUMBER_OR_WORD)
  }
  const member = (): boolean => takes(STRING) && takes(COLON) && value()
  const list = (item: () => boolean, end: RegExp): boolean => {
    if (takes(end)) return true
    while (item()) {
      if (takes(end)) return true
      if (!takes(COMMA)) return false
    }
    return false
  }
  try {
    value()
  } catch {
    // brackets nested past the stack: the place reached is the answer
  }
  takes(SPACE)
  return at
}
