import { BuildError } from "../image/run.ts"

/** What CHANGELOG.md says about one version. Throws `BuildError` where it says nothing. */
export function changesOf(changelog: string, version: string): string {
  const sections = changelog.split(/^## \[/m).slice(1)
  const section = sections.find((text) => text.startsWith(`${version}]`))
  const changes = section?.slice(section.indexOf("\n") + 1).trim() ?? ""
  if (/^- /m.test(changes)) return changes
  throw new BuildError(`CHANGELOG.md says nothing about ${version}; give it a section "## [${version}] - <date>"`)
}
