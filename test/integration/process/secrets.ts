import assert from "node:assert/strict"
import { readdir, readFile, stat } from "node:fs/promises"
import { join, relative } from "node:path"

/** Every file below a folder. */
export async function filesIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
}

/** None of the secrets stands in any file below the folder, nor in what was printed. */
export async function assertNowhere(secrets: readonly string[], folder: string, printed: string): Promise<void> {
  const texts: [string, string][] = [["what was printed", printed]]
  for (const path of await filesIn(folder)) texts.push([relative(folder, path), await readFile(path, "latin1")])
  for (const [where, text] of texts) {
    for (const secret of secrets) assert.ok(!text.includes(secret), `${secret.slice(0, 4)}… stands in ${where}`)
  }
}

/** Folders are 0700, files 0600. */
export async function assertPrivate(folder: string): Promise<void> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  for (const path of [folder, ...entries.map((entry) => join(entry.parentPath, entry.name))]) {
    const found = await stat(path)
    assert.equal(`${(found.mode & 0o7777).toString(8)} ${path}`, `${found.isDirectory() ? "700" : "600"} ${path}`)
  }
}
