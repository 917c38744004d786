import { chmod, lstat, mkdir, rename, rm, rmdir } from "node:fs/promises"
import { createServer, type IncomingMessage, type Server } from "node:http"
import { dirname, join } from "node:path"
import { setTimeout as sleep } from "node:timers/promises"
import { z } from "zod"
import type { User } from "../access/user.ts"
import { GatewayError, reasonOf } from "../errors.ts"
import { created, noContent, ok } from "./answer.ts"
import { openApp } from "./app.ts"
import { openClaim } from "./claim.ts"
import { API, claimAnswer, claimedAnswer, claimRequest } from "./contract.ts"
import type { Gateway } from "./ports.ts"
import { Problem } from "./problem.ts"
import { type Route, route } from "./route.ts"
import { routeTable } from "./routes/routes.ts"
import { serving } from "./serving.ts"
import { time } from "./time.ts"
import type { Tokens } from "./token.ts"

export interface LocalOptions {
  /** In a directory that is private (0700) and held by this process alone. */
  readonly path: string
  readonly gateway: Gateway
}

/** sun_path of sockaddr_un has 108 bytes, the last of them NUL (unix(7)). */
const LONGEST_PATH = 107
const MOST_CONNECTIONS = 100
const GRACE_MS = 1000

/**
 * Serves the API on a Unix socket. Whoever can open it is the administrator `local`; that rests on the file's mode and
 * on which server a request came through, never on anything a request says. Rejects with `listen-failed`.
 */
export async function openLocal({ path, gateway }: LocalOptions): Promise<AsyncDisposable> {
  const log = gateway.log.for("local")
  const serve = serving({ directory: gateway.directory, tokens: NO_TOKENS, log, audit: gateway.audit })
  const app = openApp(localTable(gateway), serve, { hosts: () => [], log })
  const server = createServer({ requestTimeout: 3_600_000, headersTimeout: 10_000 }, (request, response) => {
    disarm(request)
    app(request, response)
  })
  server.maxConnections = MOST_CONNECTIONS
  await listening(server, path)
  server.on("error", (error) => log.warn("a connection could not be accepted", { reason: reasonOf(error) }))
  return { [Symbol.asyncDispose]: () => closed(server, path) }
}

/** What anyone sends over this socket is sent by this one; it is no user of the directory and cannot be changed. */
const LOCAL: User = {
  username: "local",
  grant: { kind: "password", hash: "", forPeople: true },
  roles: ["admin"],
  permissions: [],
  enabled: true,
}

/** On this socket every token is judged to be `local`'s. None is ever given out: it would be valid nowhere. */
const NO_TOKENS: Tokens = {
  issue: () => {
    throw new Error("no token leaves the local socket")
  },
  judge: () => ({ id: "local", user: LOCAL }),
  end: () => {},
  [Symbol.dispose]: () => {},
}

const ANY_TOKEN = `Bearer gh_${"_".repeat(43)}`

/** No name resolves to a socket and no browser reaches one: what guards the network's side has nothing to judge here. */
function disarm(request: IncomingMessage): void {
  const { origin: _origin, "sec-fetch-site": _site, ...headers } = request.headers
  request.headers = { ...headers, host: "localhost", authorization: ANY_TOKEN }
  request.headersDistinct = { ...request.headersDistinct, host: ["localhost"] }
}

/** The table of the network's side, without what is about tokens, and what only someone on the machine may ask. */
function localTable(gateway: Gateway): Route[] {
  const shared = routeTable(gateway, NO_TOKENS)
    .filter(({ path }) => path !== `${API}/claim` && !path.startsWith(`${API}/tokens`))
    .map((line) => onceClaimed(line, gateway))
  return [...shared, ...claimRoutes(gateway)]
}

/** A box that nobody has taken into service shows how it is, and does nothing else. */
function onceClaimed(line: Route, { directory }: Gateway): Route {
  if (line.access === "public" || line.path === `${API}/status`) return line
  const refuse = () => {
    throw new Problem("not-claimed", "nobody has taken this gateway into service yet; run: gatehouse claim")
  }
  return { ...line, answer: async (call) => (directory.claimed ? line.answer(call) : refuse()) }
}

function claimRoutes(gateway: Gateway): Route[] {
  const claim = openClaim(gateway)
  return [
    route({
      method: "POST",
      path: `${API}/claim`,
      access: "write",
      body: claimRequest,
      answers: claimAnswer.pick({ recoveryKey: true }),
      answer: async ({ address, body }) => created(await claim(address, body)),
    }),
    route({
      method: "GET",
      path: `${API}/local/claim`,
      access: "read",
      answers: claimedAnswer,
      answer() {
        const { latest } = gateway.claiming
        if (latest === undefined) throw new Problem("not-found", "there is no claim of the last ten minutes")
        return ok({ ...latest, at: time(latest.at), undoUntil: time(latest.undoUntil) })
      },
    }),
    route({
      method: "DELETE",
      path: `${API}/claim`,
      access: "write",
      async answer() {
        await gateway.claiming.undo()
        return noContent
      },
    }),
    route({
      method: "GET",
      path: `${API}/local/claim-code`,
      access: "read",
      answers: z.strictObject({ code: z.string() }),
      answer() {
        const { code } = gateway.claiming
        if (code === undefined)
          throw new Problem("already-claimed", "this gateway is in service already; it has no code")
        return ok({ code })
      },
    }),
  ]
}

/**
 * A socket comes into being with the mode that the umask leaves, and the umask belongs to the whole process: it is
 * bound in a folder of its own that nobody else can enter, and moved to its name, over the one of an earlier crash.
 */
async function listening(server: Server, path: string): Promise<void> {
  if (Buffer.byteLength(path) > LONGEST_PATH) {
    const remedy = `a socket's path has at most ${LONGEST_PATH} bytes; set a shorter stateDirectory`
    throw new GatewayError("listen-failed", `the local socket ${path} cannot be opened: ${remedy}`)
  }
  const folder = join(dirname(path), ".control")
  try {
    await assertReplaceable(path)
    await rm(folder, { recursive: true, force: true })
    await mkdir(folder, { mode: 0o700 })
    await bound(server, join(folder, "s"))
    await rename(join(folder, "s"), path)
    await rmdir(folder)
  } catch (cause) {
    server.close()
    throw new GatewayError("listen-failed", `the local socket ${path} cannot be opened; check what lies there`, {
      cause,
    })
  }
}

/** The directory is locked, so a socket that lies there is of a process that is gone; anything else is a person's. */
async function assertReplaceable(path: string): Promise<void> {
  const found = await lstat(path).catch(() => undefined)
  if (found !== undefined && !found.isSocket()) throw new Error("it is no socket")
}

async function bound(server: Server, path: string): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  server.once("error", reject)
  server.listen(path, resolve)
  await promise
  server.off("error", reject)
  await chmod(path, 0o600)
}

async function closed(server: Server, path: string): Promise<void> {
  await rm(path, { force: true })
  const grace = new AbortController()
  const ended = new Promise<void>((resolve) => server.close(() => resolve()))
  await Promise.race([ended, sleep(GRACE_MS, undefined, { signal: grace.signal }).catch(() => {})])
  grace.abort()
  server.closeAllConnections()
  await ended
}
