import { signal } from "@preact/signals"

/**
 * Where the person is, as the part of the address after #: the server knows one address of the app, a link can still be
 * kept and sent on, and it survives the way through the sign-in.
 */
export const path = signal(current())

addEventListener("hashchange", () => {
  path.value = current()
})

function current(): string {
  return location.hash.slice(1) || "/"
}

/** The address of a page: `href("/devices/:name", { name })`. */
export function href(template: string, params: Readonly<Record<string, string>> = {}): string {
  return `#${template.replace(/:([a-z]+)/g, (_, name: string) => encodeURIComponent(params[name] ?? ""))}`
}

export function go(template: string, params: Readonly<Record<string, string>> = {}): void {
  location.hash = href(template, params)
}

/** The parameters of a path that fits a template, without its query; undefined when it does not fit. */
export function match(template: string, whole: string): Record<string, string> | undefined {
  const wanted = template.split("/")
  const levels = (whole.split("?")[0] ?? "").split("/")
  if (wanted.length !== levels.length) return undefined
  const params: Record<string, string> = {}
  for (const [index, level] of wanted.entries()) {
    const found = levels[index] ?? ""
    if (!level.startsWith(":")) {
      if (level !== found) return undefined
      continue
    }
    const param = decoded(found)
    if (param === undefined || param === "") return undefined
    params[level.slice(1)] = param
  }
  return params
}

/** A value after the ? of the app's own path: `query("name")`. */
export function query(name: string): string | undefined {
  return new URLSearchParams(path.value.split("?")[1] ?? "").get(name) ?? undefined
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text)
  } catch {
    return undefined
  }
}
