import { readdir, readFile } from "node:fs/promises"
import { extname, join } from "node:path"

/** One file of the built page, with the forms in which it was compressed when it was built. */
export interface PageFile {
  readonly type: string
  readonly plain: Buffer
  readonly br: Buffer | undefined
  readonly gzip: Buffer | undefined
}

/** The built page, read once: a new version beside a running gateway shows with its next start, whole or not at all. */
export interface PageFiles {
  readonly shell: PageFile
  /** Addresses of the style sheet and the icon, for pages that are made here; undefined where the shell names none. */
  readonly style: string | undefined
  readonly icon: string | undefined
  /** By its name below `/assets/`, which holds a hash of its content. */
  asset(name: string): PageFile | undefined
}

const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
}

/** Reads `index.html` and `assets/`; undefined when there is none, as in a clone where nothing was built yet. */
export async function loadPage(folder: string): Promise<PageFiles | undefined> {
  const shell = await fileAt(join(folder, "index.html"))
  if (shell === undefined) return undefined
  const assets = new Map<string, PageFile>()
  for (const name of await readdir(join(folder, "assets"))) {
    const file = await fileAt(join(folder, "assets", name))
    if (file !== undefined) assets.set(name, file)
  }
  const named = (kind: string) => new RegExp(`"(/assets/[\\w.-]+\\.${kind})"`).exec(shell.plain.toString())?.[1]
  return { shell, style: named("css"), icon: named("svg"), asset: (name) => assets.get(name) }
}

/** Undefined for what is not there, and for what is of no type that the page has, such as the compressed forms. */
async function fileAt(path: string): Promise<PageFile | undefined> {
  const type = TYPES[extname(path)]
  const plain = type === undefined ? undefined : await bytesAt(path)
  if (type === undefined || plain === undefined) return undefined
  return { type, plain, br: await bytesAt(`${path}.br`), gzip: await bytesAt(`${path}.gz`) }
}

async function bytesAt(path: string): Promise<Buffer | undefined> {
  try {
    return await readFile(path)
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined
    throw error
  }
}
