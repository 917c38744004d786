import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { BuildError } from "./run.ts"

/** One line of sources.list as mmdebstrap takes it. */
type Line = string

interface Entry {
  readonly uris: readonly string[]
  readonly suites: readonly string[]
}

/**
 * The sources of `suite`, made from those this machine's apt has for its own Debian release `codename`: same servers,
 * other release. So the project names no server. Throws `BuildError` where apt has no Debian source.
 */
export function aptSources(folder: string, codename: string, suite: string, components: readonly string[]): Line[] {
  const lines = new Set<Line>()
  for (const { uris, suites } of entries(folder)) {
    for (const own of suites.filter((name) => isOf(name, codename))) {
      for (const uri of uris) lines.add(`deb ${uri} ${own.replace(codename, suite)} ${components.join(" ")}`)
    }
  }
  if (lines.size > 0) return [...lines]
  throw new BuildError(`apt has no source of Debian ${codename} in ${folder}; build on Debian, or name --sources FILE`)
}

function isOf(name: string, codename: string): boolean {
  return [codename, `${codename}-updates`, `${codename}-security`].includes(name)
}

function entries(folder: string): Entry[] {
  const found: Entry[] = []
  for (const file of filesOf(folder)) {
    const text = readFileSync(file, "utf8")
    found.push(...(file.endsWith(".sources") ? deb822(text) : oneLine(text)))
  }
  return found
}

function filesOf(folder: string): string[] {
  const inside = (path: string) => {
    try {
      return readdirSync(path).map((name) => join(path, name))
    } catch {
      return []
    }
  }
  const all = [...inside(folder), ...inside(join(folder, "sources.list.d"))]
  return all.filter((path) => /\.(list|sources)$/.test(path)).sort()
}

/** Stanzas of sources.list(5) in the deb822 style, as far as they are about binary packages and enabled. */
function deb822(text: string): Entry[] {
  return text.split(/\n\s*\n/).flatMap((stanza) => {
    const fields = new Map<string, string>()
    for (const line of stanza.replaceAll(/^#.*\n?/gm, "").split(/\n(?!\s)/)) {
      const [, name, value] = /^([\w-]+):\s*([\s\S]*)$/.exec(line) ?? []
      if (name !== undefined && value !== undefined) fields.set(name.toLowerCase(), value)
    }
    const list = (name: string) => (fields.get(name) ?? "").split(/\s+/).filter(Boolean)
    if (!list("types").includes("deb") || fields.get("enabled") === "no") return []
    return [{ uris: list("uris"), suites: list("suites") }]
  })
}

function oneLine(text: string): Entry[] {
  return text.split("\n").flatMap((line) => {
    const [, uri, suite] = /^deb\s+(?:\[[^\]]*\]\s+)?(\S+)\s+(\S+)/.exec(line) ?? []
    return uri === undefined || suite === undefined ? [] : [{ uris: [uri], suites: [suite] }]
  })
}
