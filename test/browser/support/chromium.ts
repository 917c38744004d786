import { readFile } from "node:fs/promises"
import { createRequire } from "node:module"
import { type Browser, type BrowserContext, type BrowserContextOptions, chromium, type Page } from "playwright-core"
import { ADMIN } from "../../support/gateway.ts"

/** Debian's Chromium; nothing is downloaded, and it asks nobody but the gateway for anything. */
export function launch(): Promise<Browser> {
  return chromium.launch({
    executablePath: "/usr/bin/chromium",
    args: [
      ...["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"],
      ...["--disable-background-networking", "--disable-component-update", "--disable-dev-shm-usage"],
    ],
  })
}

/** Where a gateway is; a whole one, or only what listens. */
export interface At {
  port(listener: "https"): number
}

export const PHONE = { width: 360, height: 740 }
export const DESKTOP = { width: 1280, height: 800 }

/** One person's browser at one gateway, and everything that went wrong in it. */
export class Visitor implements AsyncDisposable {
  readonly context: BrowserContext
  /** What the console, the content security policy or the network fence objected to. Empty, or a defect. */
  readonly faults: string[] = []
  readonly #origin: string

  private constructor(context: BrowserContext, origin: string) {
    this.context = context
    this.#origin = origin
  }

  static async open(browser: Browser, gateway: At, options: BrowserContextOptions = {}): Promise<Visitor> {
    const context = await browser.newContext({ ignoreHTTPSErrors: true, viewport: PHONE, locale: "en-GB", ...options })
    const visitor = new Visitor(context, `https://127.0.0.1:${gateway.port("https")}`)
    context.setDefaultTimeout(15_000)
    context.on("page", (page) => visitor.#watch(page))
    await context.route("**", (route) => {
      const { origin, protocol } = new URL(route.request().url())
      if (origin === visitor.#origin || protocol === "blob:" || protocol === "data:") return route.continue()
      visitor.faults.push(`asked another host: ${route.request().url()}`)
      return route.abort()
    })
    return visitor
  }

  /** As `open`, signed in by the API as the page's own form would. */
  static async signedIn(
    browser: Browser,
    gateway: At,
    options: BrowserContextOptions = {},
    person: { readonly username: string; readonly password: string } = ADMIN,
  ): Promise<Visitor> {
    const visitor = await Visitor.open(browser, gateway, options)
    const { username, password } = person
    const answer = await visitor.context.request.post(`${visitor.#origin}/api/v1/session`, {
      data: { username, password },
      headers: { Origin: visitor.#origin },
    })
    if (answer.status() !== 201) throw new Error(`could not sign in as ${username}: ${await answer.text()}`)
    return visitor
  }

  url(path: string): string {
    return `${this.#origin}${path}`
  }

  /** Opens a page of the app by its own path, such as `/devices`, and waits for its heading. */
  async page(path: string): Promise<Page> {
    const page = await this.context.newPage()
    await page.goto(this.url(`/#${path}`))
    await page.getByRole("heading", { level: 1 }).waitFor()
    return page
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.context.close()
  }

  #watch(page: Page): void {
    page.on("console", (message) => {
      if (["error", "warning"].includes(message.type())) this.faults.push(`console: ${message.text()}`)
    })
    page.on("pageerror", (error) => this.faults.push(`error: ${error.message}`))
  }
}

const axeSource = readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8")

/** What axe finds against WCAG 2.2 AA, one line for each; empty, or a defect. */
export async function violations(page: Page): Promise<string[]> {
  await page.evaluate(await axeSource) // by the debugger, so that the page's own policy stays as it is
  return page.evaluate(async () => {
    const { axe } = globalThis as unknown as { axe: { run(what: Document, how: object): Promise<AxeResults> } }
    const tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
    const { violations } = await axe.run(document, { runOnly: { type: "tag", values: tags } })
    return violations.map(
      ({ id, nodes }) => `${id}: ${nodes.map(({ html, failureSummary }) => `${html} ${failureSummary}`).join(" | ")}`,
    )
  })
}

interface AxeResults {
  readonly violations: readonly {
    readonly id: string
    readonly nodes: readonly { readonly html: string; readonly failureSummary?: string }[]
  }[]
}
