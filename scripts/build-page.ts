import { createHash } from "node:crypto"
import { mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises"
import { dirname, join, relative } from "node:path"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"
import { brotliCompress, constants, gzip } from "node:zlib"

/**
 * Builds the technician's page into `dist/webui`, with a compressed form beside each file, unless what lies there was
 * built from these very sources. `npm start`, the tests and the image all come through here; where there are no sources,
 * as in the image, nothing calls it.
 */
const REPOSITORY = fileURLToPath(new URL("../", import.meta.url))
const SOURCES = join(REPOSITORY, "webui")
const BUILT = join(REPOSITORY, "dist/webui")
/** Says what the build was made of. */
const MARK = "built-from"

const compressed = { br: promisify(brotliCompress), gz: promisify(gzip) }

const sources = await digestOfSources()
if (process.argv.includes("--force") || (await markOf(BUILT)) !== sources) await rebuild(sources)

async function rebuild(digest: string): Promise<void> {
  const fresh = `${BUILT}.${process.pid}`
  const { build } = await import("vite")
  try {
    const configFile = join(SOURCES, "vite.config.ts")
    await build({ configFile, logLevel: "warn", build: { outDir: fresh, emptyOutDir: true } })
    const files = await filesBelow(fresh)
    await Promise.all(files.map(compress))
    await writeFile(join(fresh, MARK), digest)
    await replace(BUILT, fresh)
    console.log(`built the page: ${files.length} files in dist/webui`)
  } finally {
    await rm(fresh, { recursive: true, force: true })
  }
}

/** Puts a folder in another's place; of two builds at once the later one stays, and each is whole. */
async function replace(folder: string, fresh: string): Promise<void> {
  const old = `${fresh}.old`
  await mkdir(dirname(folder), { recursive: true })
  await rename(folder, old).catch(() => {}) // there was none
  try {
    await rename(fresh, folder)
  } catch (error) {
    if ((await markOf(folder)) === undefined) throw error
  }
  await rm(old, { recursive: true, force: true })
}

async function compress(path: string): Promise<void> {
  const bytes = await readFile(path)
  const br = await compressed.br(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } })
  const gz = await compressed.gz(bytes, { level: 9 })
  await Promise.all([writeFile(`${path}.br`, br), writeFile(`${path}.gz`, gz)])
}

/** Of everything that the page is made of: its sources, the contract whose types it uses is none of them. */
async function digestOfSources(): Promise<string> {
  const hash = createHash("sha256")
  const files = [...(await filesBelow(SOURCES)), join(REPOSITORY, "package-lock.json"), fileURLToPath(import.meta.url)]
  for (const path of files.sort()) hash.update(`${relative(REPOSITORY, path)}\0`).update(await readFile(path))
  return hash.digest("hex")
}

async function markOf(folder: string): Promise<string | undefined> {
  return readFile(join(folder, MARK), "utf8").catch(() => undefined)
}

async function filesBelow(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
}
