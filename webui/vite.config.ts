import { defineConfig } from "vite"

/** Every other page, and the folders of what only they are made of. */
const ELSEWHERE = /\/webui\/(?!parts\/)[a-z-]+\/(?!status)/

/** Static files that any server can give out; what they may not contain (inline code, other hosts) never comes in here. */
export default defineConfig({
  root: import.meta.dirname,
  base: "/",
  publicDir: false,
  build: {
    target: "es2022",
    assetsInlineLimit: 0,
    // one style sheet: a chunk's own would be linked by a script, after the page is drawn
    cssCodeSplit: false,
    modulePreload: false,
    reportCompressedSize: false,
    // what every page needs, and the page one comes to first, in one file; every other page in one of its own
    rolldownOptions: {
      output: { codeSplitting: { groups: [{ name: "app", test: (id) => !ELSEWHERE.test(id) }] } },
    },
  },
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
})
