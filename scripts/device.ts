#!/usr/bin/env node
import { once } from "node:events"
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { parseArgs } from "node:util"
import { Board } from "./device/board.ts"
import { type Misbehaviour, WELL_BEHAVED } from "./device/misbehaviour.ts"

/** A device without hardware: `npm run device -- --port PATH`; docs/simulated-device.md. */
const HELP = `npm run device -- --port PATH [options]

A simulated device that speaks the Gatehouse serial protocol on a serial port: it makes a real key and request, keeps
what it is given in a folder, and then connects to the broker over mutual TLS.

  --port PATH       its end of the cable, such as one end of a pair by socat
  --baud RATE       115200
  --state DIR       where it keeps its state; without it, in a folder that is thrown away at the end
  --uid NAME        its own name, when it is new
  --gateway HOST    reaches the broker under this address in place of the one it was told
  --lock none|button|code   what it demands before it makes a new key, once it is in service; none
  --code TEXT       the code on its label

Misbehaviour, for trying out the gateway:
  --chatter MS      a log message amid everything, every so many milliseconds
  --errors RATE     garbles bytes, both ways: 1e-4 is a bad cable
  --lose RATE       loses answers: 0.2 is every fifth
  --slow MS         thinks before each answer
  --silent          never answers
  --giant           64 KiB without a line end before each answer
  --flood           never stops talking
  --endless BYTES   announces so long a request
  --name NAME       asks for another common name than it was told
  --replay FILE     sends this certificate request (DER) in place of its own
`

const OPTIONS = {
  port: { type: "string" },
  baud: { type: "string", default: "115200" },
  state: { type: "string" },
  uid: { type: "string" },
  gateway: { type: "string" },
  lock: { type: "string", default: "none" },
  code: { type: "string" },
  chatter: { type: "string" },
  errors: { type: "string" },
  lose: { type: "string" },
  slow: { type: "string" },
  endless: { type: "string" },
  silent: { type: "boolean" },
  giant: { type: "boolean" },
  flood: { type: "boolean" },
  name: { type: "string" },
  replay: { type: "string" },
  help: { type: "boolean" },
} as const

type Values = ReturnType<typeof typed>

function typed() {
  return parseArgs({ options: OPTIONS }).values
}

function misbehaviour(values: Values): Misbehaviour {
  const number = (name: "chatter" | "errors" | "lose" | "slow" | "endless") => {
    const value = Number(values[name] ?? 0)
    if (!Number.isFinite(value) || value < 0) throw new TypeError(`--${name} takes a number, 0 or more`)
    return value
  }
  return {
    ...WELL_BEHAVED,
    chatter: number("chatter"),
    errors: number("errors"),
    lose: number("lose"),
    slow: number("slow"),
    endless: number("endless"),
    silent: values.silent ?? false,
    giant: values.giant ?? false,
    flood: values.flood ?? false,
    name: values.name,
    replay: values.replay,
  }
}

function lockOf({ lock, code }: Values): "none" | "button" | "code" {
  if (lock !== "none" && lock !== "button" && lock !== "code") throw new TypeError("--lock is none, button or code")
  if (lock === "code" && code === undefined) throw new TypeError("--lock code needs --code TEXT")
  return lock
}

async function run(values: Values, port: string): Promise<void> {
  const stop = new AbortController()
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => stop.abort())
  const thrownAway = values.state === undefined ? await mkdtemp(join(tmpdir(), "gatehouse-device-")) : undefined
  try {
    await using board = await Board.powerUp({
      port,
      baudRate: Number(values.baud),
      folder: values.state ?? thrownAway!,
      ...(values.uid === undefined ? {} : { uid: values.uid }),
      lock: lockOf(values),
      ...(values.code === undefined ? {} : { code: values.code }),
      gateway: values.gateway,
      misbehaviour: misbehaviour(values),
      say: (sentence) => console.log(`The device ${sentence}.`),
    })
    console.log(`The device ${board.storage.page.uid} is powered and listens on ${port}.`)
    if (!stop.signal.aborted) await once(stop.signal, "abort")
  } finally {
    if (thrownAway !== undefined) await rm(thrownAway, { recursive: true, force: true })
  }
}

try {
  const values = typed()
  if (values.help || values.port === undefined) {
    process.stdout.write(HELP)
    process.exitCode = values.help ? 0 : 2
  } else await run(values, values.port)
} catch (error) {
  console.error(`device: ${error instanceof Error ? error.message : error}`)
  process.exitCode = 1
}
