import type { Api } from "./api.ts"
import { freeSpace, privateState } from "./check-state.ts"
import { certificatesServed } from "./check-tls.ts"
import { type Call, type Command, Failure } from "./command.ts"
import type { Finding } from "./finding.ts"
import { type Colour, type Screen, shown } from "./screen.ts"
import type { Status } from "./status.ts"

const LEVELS = ["ok", "warn", "fail"] as const
const COLOURS: Readonly<Record<Finding["level"], Colour>> = { ok: "green", warn: "yellow", fail: "red" }

/** Alarms under which the gateway still does all its work. */
const MILD: ReadonlySet<string> = new Set(["root-key-unsealed", "issue-log-torn", "certificate-cloned"])
const DAY_MS = 86_400_000

export const DOCTOR_COMMANDS: readonly Command[] = [
  {
    words: "doctor",
    summary: "Examine the gateway from outside and inside; exit status 0 all well, 1 with warnings, 2 with failures.",
    example: "doctor",
    async run(call) {
      const findings = await examined(call)
      const status = Math.max(...findings.map(({ level }) => LEVELS.indexOf(level)))
      call.screen.answer({ status: LEVELS[status], findings }, () => findings.flatMap((one) => lines(call.screen, one)))
      call.exitWith(status)
    },
  },
]

/** What needs the gateway comes after what does not: a stopped one is examined too. */
async function examined({ api, state }: Call): Promise<Finding[]> {
  const disk = [await privateState(state), await freeSpace(state)]
  try {
    const status = await api.get<Status>("/status")
    const reached: Finding = { check: "socket", level: "ok", text: `the gateway answers, version ${status.version}` }
    const inside = [...alarms(status), service(status), ...listeners(status)]
    return [
      reached,
      ...inside,
      ...(await clock(api, status)),
      ...disk,
      ...(await certificatesServed(api, state, status)),
    ]
  } catch (error) {
    if (!(error instanceof Failure)) throw error
    const [text = "", ...remedy] = error.message.split("; ")
    return [{ check: "socket", level: "fail", text, remedy: remedy.join("; ") || "see the gateway's log" }, ...disk]
  }
}

function alarms({ alarms: raised }: Status): Finding[] {
  if (raised.length === 0) return [{ check: "health", level: "ok", text: "no alarms" }]
  return raised.map(({ condition, title, detail, remedy }) => {
    const help = condition === "root-key-unsealed" ? "run: gatehouse authority seal" : remedy
    return { check: "health", level: MILD.has(condition) ? "warn" : "fail", text: `${title}: ${detail}`, remedy: help }
  })
}

function service({ claimed }: Status): Finding {
  if (claimed) return { check: "service", level: "ok", text: "in service" }
  const text = "nobody has taken the gateway into service yet; MQTT is closed until then"
  return { check: "service", level: "warn", text, remedy: "run: gatehouse claim --username NAME" }
}

/** A listener that failed to open raises an alarm; one that is closed without it is switched off, or waits for the claim. */
function listeners({ listeners: all, claimed, alarms: raised }: Status): Finding[] {
  const failed = raised.some(({ condition }) => condition === "listener-closed")
  return all.map(({ name, host, port, open }) => {
    const check = `listener ${name}`
    if (open) return { check, level: "ok", text: `open at ${host}:${port}` }
    if (!claimed) return { check, level: "ok", text: "closed until the claim" }
    if (!failed) return { check, level: "ok", text: "switched off in the configuration" }
    const remedy = "free the port or change it in the configuration, then restart the gateway"
    return { check, level: "fail", text: `closed, although the configuration asks for it at ${host}:${port}`, remedy }
  })
}

async function clock(api: Api, { claimed }: Status): Promise<Finding[]> {
  if (!claimed) return []
  const { certificates } = await api.get<{ certificates: { issuedAt: string }[] }>("/certificates?limit=1")
  const ahead = Date.parse(certificates[0]?.issuedAt ?? "") - Date.now()
  const check = "clock"
  if (!(ahead > 60_000)) return [{ check, level: "ok", text: "not behind the newest certificate" }]
  const text = `behind the newest certificate, which was signed at ${certificates[0]?.issuedAt}`
  return [{ check, level: ahead > DAY_MS ? "fail" : "warn", text, remedy: "set the time; see timedatectl" }]
}

function lines(screen: Screen, { check, level, text, remedy }: Finding): string[] {
  const mark = screen.paint(COLOURS[level], level.padEnd(4))
  const line = `${mark}  ${check.padEnd(17)}  ${shown(text)}`
  return remedy === undefined ? [line] : [line, `${" ".repeat(25)}${shown(remedy)}`]
}
