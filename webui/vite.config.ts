import { readFileSync } from "node:fs"
import { join } from "node:path"
import { defineConfig } from "vite"

/** Static files that any server can give out; what they may not contain (inline code, other hosts) never comes in here. */
export default defineConfig({
  root: import.meta.dirname,
  base: "/",
  publicDir: false,
  define: { __PACKAGES__: JSON.stringify(packages()) },
  build: {
    target: "es2022",
    assetsInlineLimit: 0,
    // one style sheet: a chunk's own would be linked by a script, after the page is drawn
    cssCodeSplit: false,
    modulePreload: false,
    reportCompressedSize: false,
    // what every page needs, and the page one comes to first, in one file; what belongs to a page comes with that page
    rolldownOptions: { output: { codeSplitting: { groups: [{ name: "app", test: (id) => !LATER.test(id) }] } } },
  },
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
})

/** The pages but Status, their folders, and what only some pages share. */
const LATER =
  /\/webui\/(?:(?!parts\/|style\/|pages\/status)[^/]+\/|(?:packages|refusals|remedy|device-words|first-connection|download)\.|parts\/(?:csr-form|presence|secret|tabs)\.)/

interface Locked {
  readonly version: string
  readonly license?: string
  readonly dev?: boolean
}

/** What the lockfile says goes into the product, and the two packages of the page itself. */
function packages() {
  const lock = JSON.parse(readFileSync(join(import.meta.dirname, "../package-lock.json"), "utf8"))
  return Object.entries<Locked>(lock.packages)
    .map(([path, locked]) => ({ name: path.replace(/^.*node_modules\//, ""), ...locked }))
    .filter(({ name, dev }) => name !== "" && (!dev || name === "preact" || name.startsWith("@preact/")))
    .map(({ name, version, license = "" }) => ({ name, version, license }))
    .sort((a, b) => (a.name < b.name ? -1 : 1))
}
