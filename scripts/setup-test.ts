/**
 * Installs the Debian packages the tests need, when some are missing; with `--browser` those of the browser tests. Nothing
 * to do costs a few file look-ups.
 */
import { spawnSync } from "node:child_process"
import { accessSync, constants, readdirSync } from "node:fs"

interface Need {
  readonly package: string
  /** Each of these proves that the package, or something as good, is there. */
  readonly programs?: readonly string[]
  readonly files?: readonly string[]
}

const NEEDS: readonly Need[] = [
  { package: "mosquitto-clients", programs: ["mosquitto_pub", "mosquitto_sub"] },
  { package: "openssl", programs: ["openssl"] },
  { package: "socat", programs: ["socat"] },
  { package: "zsh", programs: ["zsh"] },
  { package: "fish", programs: ["fish"] },
  { package: "curl", programs: ["curl"] },
  { package: "gcc", programs: ["gcc"] },
  { package: "libc6-dev", files: ["/usr/include/stdio.h"] },
  { package: "systemd", programs: ["systemd-notify", "systemd-analyze"] },
  // for Debian's own python, whatever other python is first on the PATH
  { package: "python3-paho-mqtt", files: ["/usr/bin/python3", "/usr/lib/python3/dist-packages/paho/mqtt/client.py"] },
]

/** Large, and needed by `npm run test:browser` alone. */
const BROWSER_NEEDS: readonly Need[] = [{ package: "chromium", files: ["/usr/bin/chromium"] }]
const needed = process.argv.includes("--browser") ? BROWSER_NEEDS : NEEDS

function isThere(path: string, mode: number): boolean {
  try {
    accessSync(path, mode)
    return true
  } catch {
    return false
  }
}

function isRunnable(program: string): boolean {
  return (process.env.PATH ?? "").split(":").some((folder) => isThere(`${folder}/${program}`, constants.X_OK))
}

function missingPackages(): string[] {
  return needed
    .filter(
      ({ programs = [], files = [] }) =>
        !programs.every(isRunnable) || !files.every((file) => isThere(file, constants.R_OK)),
    )
    .map((need) => need.package)
}

function aptGet(...args: string[]): boolean {
  console.log(`apt-get ${args.join(" ")}`)
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" }
  return spawnSync("apt-get", args, { stdio: "inherit", env }).status === 0
}

function listsArePresent(): boolean {
  try {
    return readdirSync("/var/lib/apt/lists").some((name) => name.endsWith("_Packages") || name.includes("_Packages."))
  } catch {
    return false
  }
}

function install(packages: readonly string[]): boolean {
  const command = ["install", "--yes", "--no-install-recommends", ...packages]
  if (listsArePresent() && aptGet(...command)) return true
  // no lists yet, or lists so old that they name packages the mirror has replaced
  return aptGet("update") && aptGet(...command)
}

const missing = missingPackages()
if (missing.length > 0) {
  const byHand = `apt-get install --yes --no-install-recommends ${missing.join(" ")}`
  if (process.getuid?.() !== 0) {
    console.error(`The tests need Debian packages that are missing. Run as root: ${byHand}`)
    process.exitCode = 1
  } else if (!install(missing) || missingPackages().length > 0) {
    console.error(`The Debian packages the tests need could not be installed. Try by hand: ${byHand}`)
    process.exitCode = 1
  }
}
