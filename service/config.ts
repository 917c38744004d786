import { readFile } from "node:fs/promises"
import { hostname, totalmem } from "node:os"
import { dirname, resolve } from "node:path"
import { parseArgs } from "node:util"
import type { z } from "zod"
import { allowedAt, CONFIG_SCHEMA, isDnsName } from "./config-schema.ts"
import { GatewayError, reasonOf } from "./errors.ts"
import { parseJson } from "./json.ts"
import { completeLimits, type Limits } from "./limits.ts"
import type { Level } from "./log.ts"

export interface Listener {
  readonly enabled: boolean
  /** `*` stands for every interface: listen without a host. Otherwise an IP address or a name. */
  readonly host: string
  /** 0 takes any free one. */
  readonly port: number
}

/** Everything a person can set, complete and frozen; the keys are explained in docs/configuration.md. */
export interface Config {
  /** Absolute. */
  readonly stateDirectory: string
  /** Absolute; where the appliance's root unit answers. */
  readonly systemDirectory: string
  /** Names this gateway in the certificates it signs. */
  readonly site: string
  readonly hostname: string
  /** DNS names for server certificates beside the host name. */
  readonly names: readonly string[]
  /** IP addresses for server certificates beside those of the interfaces. */
  readonly addresses: readonly string[]
  /** Absolute path of a bootstrap file, where one is to be applied. */
  readonly bootstrap?: string
  readonly log: { readonly level: Level }
  readonly listeners: Readonly<Record<"mqtt" | "mqtts" | "ws" | "wss" | "https" | "http", Listener>>
  readonly limits: Limits
  readonly certificates: {
    readonly deviceLifetimeDays: number
    /** Hours in which a new certificate must make its first connection. */
    readonly pendingHours: number
    /** Days in which an expired certificate may still ask for its successor. */
    readonly graceDays: number
  }
  readonly serial: {
    readonly enabled: boolean
    /** Patterns of by-id names and device files that are left alone. */
    readonly ignore: readonly string[]
    /** Device files beside those on USB. */
    readonly extra: readonly string[]
  }
}

/**
 * The configuration of this start: the one file named by `--config FILE` or else GATEHOUSE_CONFIG; without either the
 * defaults, with the state in `./state`. Where the file names no state directory systemd's STATE_DIRECTORY is used.
 * Rejects with `GatewayError("config-invalid")`, which names the file and every key at fault.
 */
export async function loadConfig(env: NodeJS.ProcessEnv, argv: readonly string[] = []): Promise<Config> {
  const file = configFile(env, argv)
  const chosen = parseConfig(file === null ? {} : await readConfig(file), file ?? "the default configuration")
  const base = file === null ? process.cwd() : dirname(file)
  const { bootstrap, limits, ...rest } = chosen
  return frozen({
    ...rest,
    systemDirectory: resolve(base, chosen.systemDirectory),
    stateDirectory: resolve(base, chosen.stateDirectory ?? (env.STATE_DIRECTORY?.split(":")[0] || "state")),
    ...(bootstrap === undefined ? {} : { bootstrap: resolve(base, bootstrap) }),
    site: chosen.site ?? siteOf(hostname()),
    hostname: chosen.hostname ?? (isDnsName(hostname()) ? hostname() : siteOf(hostname())),
    limits: completeLimits(limits, availableMemory()),
  })
}

function configFile(env: NodeJS.ProcessEnv, argv: readonly string[]): string | null {
  try {
    const { values } = parseArgs({ args: [...argv], options: { config: { type: "string" } } })
    const file = values.config ?? env.GATEHOUSE_CONFIG
    return file === undefined || file === "" ? null : resolve(file)
  } catch (cause) {
    throw new GatewayError("config-invalid", "the command line is not valid; it may hold --config FILE", { cause })
  }
}

async function readConfig(file: string): Promise<unknown> {
  const text = await readFile(file, "utf8").catch((cause) => {
    throw new GatewayError("config-invalid", `${file} cannot be read; make it, or name another with --config FILE`, {
      cause,
    })
  })
  try {
    return parseJson(text)
  } catch (error) {
    throw new GatewayError("config-invalid", `${file} is not a configuration: ${reasonOf(error)}`)
  }
}

function parseConfig(value: unknown, file: string): z.output<typeof CONFIG_SCHEMA> {
  const parsed = CONFIG_SCHEMA.safeParse(value)
  if (parsed.success) return parsed.data
  const problems = new Set(parsed.error.issues.flatMap((issue) => problemsOf(issue, value)))
  throw new GatewayError("config-invalid", `${file}: ${[...problems].join("; ")}`)
}

function problemsOf(issue: z.core.$ZodIssue, value: unknown): string[] {
  if (issue.code === "unrecognized_keys") {
    const allowed = allowedAt(issue.path)
    return issue.keys.map((key) => `${dotted([...issue.path, key])} is not known; here stands ${allowed}`)
  }
  return [`${dotted(issue.path)} must be ${allowedAt(issue.path)}, not ${shown(issue.path, value)}`]
}

function dotted(path: readonly PropertyKey[]): string {
  return path.length === 0 ? "the whole" : path.map(String).join(".")
}

/** What stands at a place, short enough for a message. */
function shown(path: readonly PropertyKey[], value: unknown): string {
  let found = value
  for (const key of path) found = (found as Record<PropertyKey, unknown>)[key]
  const json = JSON.stringify(found) ?? "nothing"
  return json.length <= 60 ? json : `${json.slice(0, 60)}…`
}

/** A host name as far as a certificate's name can carry it. */
function siteOf(host: string): string {
  const label = host.split(".")[0]!.replace(/[^A-Za-z0-9]+/g, "-")
  return label.slice(0, 32).replace(/^-+|-+$/g, "") || "gatehouse"
}

/** Bytes of RAM this process may use: the machine's, or its control group's where that is less. */
function availableMemory(): number {
  const constrained = process.constrainedMemory()
  return constrained > 0 ? Math.min(totalmem(), constrained) : totalmem()
}

function frozen<T>(value: T): T {
  if (typeof value === "object" && value !== null) Object.values(Object.freeze(value)).forEach(frozen)
  return value
}
