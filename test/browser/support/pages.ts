import { readFile } from "node:fs/promises"
import type { Page } from "playwright-core"

/** What stands in the place of a parameter when a page is visited. */
const EXAMPLES: Readonly<Record<string, string>> = {
  "/devices/:name": "/devices/pump-1",
  "/people/:name": "/people/tina",
  "/roles/:name": "/roles/device",
}

/** What stands behind the tabs of the system's page. */
const TABS = ["log", "changes", "limits", "restart"] as const

export interface Visited {
  /** As its screenshots are called. */
  readonly name: string
  readonly path: string
}

/** Every page in the app's own list, so that a new one cannot be left out, and the one that phones have instead of a bar. */
export async function everyPage(): Promise<Visited[]> {
  const registry = await readFile(new URL("../../../webui/registry.ts", import.meta.url), "utf8")
  const templates = [...registry.matchAll(/\bpath: "([^"]+)"/g)].map(([, path = ""]) => path)
  const pages = templates.map((template) => ({ name: nameOf(template), path: EXAMPLES[template] ?? template }))
  const unfilled = pages.find(({ path }) => path.includes(":"))
  if (unfilled !== undefined) throw new Error(`${unfilled.path} needs an example in test/browser/support/pages.ts`)
  const tabs = TABS.map((tab) => ({ name: `system-${tab}`, path: `/system?show=${tab}` }))
  return [...pages, ...tabs, { name: "more", path: "/more" }]
}

function nameOf(template: string): string {
  if (template === "/") return "status"
  const [, list = "", param] = template.split("/")
  return param === undefined ? list : list.replace(/s$/, "").replace(/^people$/, "person")
}

/** Waits until everything that a page reads at first is here. */
export async function settled(page: Page): Promise<void> {
  await page.waitForFunction(() => document.querySelector(".loading") === null)
  await page.evaluate(() => document.fonts.ready)
}
