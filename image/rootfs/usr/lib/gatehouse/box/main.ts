/** Started by systemd when a request lies in the drop folder; works on all there are, in order, and ends. */
import { mkdirSync, readdirSync, realpathSync, rmSync } from "node:fs"
import { join } from "node:path"
import { pruneAnswers, tell } from "./answer.ts"
import { setClock } from "./clock.ts"
import { setNetwork } from "./network.ts"
import { ANSWERS, REQUESTS, SYSTEM } from "./paths.ts"
import { runProgram } from "./program.ts"
import { ID, type Of, parseRequest, type Request } from "./request.ts"
import { readRequest } from "./requests.ts"
import { keepStatus } from "./status.ts"
import { check, install, rollBack } from "./update.ts"
import { writeWhole } from "./whole-file.ts"

const WORK: { readonly [Kind in Request["kind"]]: (id: string, request: Of<Kind>) => Promise<void> | void } = {
  check,
  install,
  "roll-back": rollBack,
  "set-clock": setClock,
  "set-network": setNetwork,
  "confirm-network": (id, { kind }) => {
    const message = "No network change waits for a confirmation; it was undone."
    tell(id, kind, { state: "refused", code: "not-waiting", message })
  },
  "factory-reset": async (id, { kind, scope }) => {
    tell(id, kind, { state: "working", step: "restarting", message: "Starting again to forget." })
    // /init of the initramfs forgets, before anything of the system runs
    writeWhole(`${SYSTEM}/reset`, `${scope}\n`)
    await runProgram("systemctl", ["reboot"])
  },
  restart: async (id, { kind }) => {
    tell(id, kind, { state: "working", step: "restarting", message: "Starting again." })
    await runProgram("systemctl", ["reboot"])
  },
}

async function workOn(name: string): Promise<void> {
  const path = join(REQUESTS, name)
  const id = name.slice(0, -".json".length)
  const text = readRequest(path)
  // taken before it is worked on: one that ends this program is not met again
  rmSync(path, { recursive: true, force: true })
  if (!ID.test(id)) return console.log(`a request with an impossible name was removed: ${JSON.stringify(name)}`)
  const request = text === undefined ? "The request is no file, or too long." : parseRequest(text)
  if (typeof request === "string") {
    return tell(id, "unknown", { state: "refused", code: "request-invalid", message: request })
  }
  console.log(`request ${id}: ${request.kind}`)
  try {
    await WORK[request.kind](id, request as never)
  } catch (error) {
    console.error(error)
    tell(id, request.kind, { state: "failed", code: "internal", message: `The box failed: ${String(error)}` })
  }
}

function waiting(): string[] {
  if (realpathSync(REQUESTS) !== REQUESTS) throw new Error(`${REQUESTS} is a link; nothing in it is read`)
  return readdirSync(REQUESTS)
    .filter((name) => name.endsWith(".json"))
    .sort()
}

mkdirSync(ANSWERS, { recursive: true })
for (let names = waiting(); names.length > 0; names = waiting()) await workOn(names[0]!)
pruneAnswers()
keepStatus()
