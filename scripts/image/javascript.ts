import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { stripTypeScriptTypes } from "node:module"
import { join } from "node:path"

/** How the sources name one another: always relative, always with the ending. */
const NAMED = /"(\.{1,2}\/[^"\n]+)\.ts"/g

/**
 * Replaces every TypeScript file below `folder` by JavaScript, but for packages. Types become spaces, so that lines and
 * columns stay those of the sources. Node does the same at every start, with a WebAssembly compiler that it starts first:
 * two fifths of the processor time of a start.
 */
export function compileTypeScript(folder: string): void {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) {
      if (entry.name !== "node_modules") compileTypeScript(path)
    } else if (entry.name.endsWith(".ts")) {
      writeFileSync(path.replace(/\.ts$/, ".js"), javaScript(readFileSync(path, "utf8")))
      rmSync(path)
    }
  }
}

export function javaScript(source: string): string {
  return stripTypeScriptTypes(source).replace(NAMED, '"$1.js"')
}
