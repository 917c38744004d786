/** Builds the service as Debian packages, for machines that have a Debian or Raspberry Pi OS: dist/deb/*.deb */
import { parseArgs } from "node:util"
import manifest from "../package.json" with { type: "json" }
import { buildDeb } from "./deb/build.ts"
import { sourceEpoch } from "./image/epoch.ts"
import { BuildError, step } from "./image/run.ts"

const ROOT = new URL("..", import.meta.url).pathname
const ARCHITECTURES = ["arm64", "amd64"] as const

try {
  const { values } = parseArgs({ options: { architecture: { type: "string" }, version: { type: "string" } } })
  const wanted = ARCHITECTURES.filter((name) => values.architecture === undefined || values.architecture === name)
  if (wanted.length === 0) throw new BuildError(`--architecture is one of ${ARCHITECTURES.join(", ")}`)
  const version = values.version ?? manifest.version
  const common = { repository: ROOT, version, out: `${ROOT}dist/deb`, epoch: sourceEpoch(ROOT) }
  for (const architecture of wanted) {
    console.log(await step(`package for ${architecture}`, () => buildDeb({ ...common, architecture })))
  }
} catch (error) {
  if (!(error instanceof BuildError) && !(error instanceof TypeError)) throw error
  console.error(`deb: ${error.message}`)
  process.exitCode = 1
}
