/** Builds the appliance: the image of an SD card, a signed bundle, an SBOM and checksums. See image/README.md. */
import { parseArgs } from "node:util"
import manifest from "../package.json" with { type: "json" }
import { buildImage, type Request } from "./image/build.ts"
import { sourceEpoch } from "./image/epoch.ts"
import { BuildError } from "./image/run.ts"

const ROOT = new URL("..", import.meta.url).pathname

function requestOf(argv: readonly string[]): Request {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      version: { type: "string", default: manifest.version },
      notes: { type: "string", default: `Gatehouse ${manifest.version}` },
      out: { type: "string", default: `${ROOT}dist/image` },
      sources: { type: "string" },
      key: { type: "string" },
      certificate: { type: "string" },
      keyring: { type: "string" },
      twice: { type: "boolean", default: false },
      fresh: { type: "boolean", default: false },
    },
  })
  const { key, certificate, keyring, sources, ...rest } = values
  if (!/^\d+\.\d+\.\d+(?:-[0-9A-Za-z.-]+)?$/.test(rest.version)) {
    throw new BuildError(`--version ${rest.version} is no version such as 1.2.3 or 1.2.3-rc.1`)
  }
  const given = [key, certificate, keyring].filter((value) => value !== undefined).length
  if (given !== 0 && given !== 3) throw new BuildError("--key, --certificate and --keyring are given together")
  const signing = given === 3 ? { signing: { key: key!, certificate: certificate!, keyring: keyring! } } : {}
  return {
    ...rest,
    ...signing,
    ...(sources === undefined ? {} : { sources }),
    repository: ROOT,
    epoch: sourceEpoch(ROOT),
  }
}

try {
  await buildImage(requestOf(process.argv.slice(2)))
} catch (error) {
  if (!(error instanceof BuildError) && !(error instanceof TypeError)) throw error
  console.error(`image: ${error.message}`)
  process.exitCode = 1
}
