import { readFileSync, writeFileSync } from "node:fs"

/** Replaces what stands between `<!-- name -->` and `<!-- /name -->` in a file. Throws when it has no such marks. */
export function writeSection(path: string, name: string, text: string): void {
  const before = readFileSync(path, "utf8")
  const [open, close] = [`<!-- ${name} -->`, `<!-- /${name} -->`]
  const from = before.indexOf(open)
  const to = before.indexOf(close)
  if (from < 0 || to < from) throw new Error(`${path} has no marks ${open} and ${close} to put the table between`)
  writeFileSync(path, `${before.slice(0, from + open.length)}\n${text}\n${before.slice(to)}`)
}
