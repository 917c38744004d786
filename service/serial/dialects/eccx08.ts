import {
  type Connecting,
  type Dialect,
  done,
  failedForNow,
  type Identity,
  isTimeout,
  type KeyRequest,
  type Line,
  type Material,
  needsAnswer,
  type Outcome,
  type Question,
  refused,
  type Task,
  type Verified,
} from "../dialect.ts"

/**
 * Arduino boards with an ECC508 or ECC608 secure element that run the sketch ECCX08CSR of the library ArduinoECCX08. It
 * asks one question after the other; two of them cannot be undone, and only a person answers those. The sketch takes no
 * certificate back: that goes into the next sketch. Source: examples/Tools/ECCX08CSR/ECCX08CSR.ino.
 */
export const eccx08: Dialect = {
  id: "eccx08",
  title: "Arduino ECCX08CSR sketch",
  keyOrigin: "device",
  // boards with a USB port of their own take any rate, and are to be heard before anybody is probed
  baudRates: [9600, 115200],
  detect,
  request,
  store,
  verify,
  connect,
}

/** Asking the secure element for a key takes it part of a second, the sketch's answer at 9600 baud another. */
const STEP_MS = 8000
const LONGEST = 4096

/** One thing the sketch waits for or ends with; `heard` ends with it. */
interface Prompt {
  readonly text: RegExp
  /** What is typed, or why nothing may be. */
  reply(task: Task): string | Outcome<never>
}

const LOCK: Question = {
  id: "lock-chip",
  kind: "irreversible",
  sentence:
    "The secure element of this board is not configured yet. Configure and lock it PERMANENTLY? Its configuration can " +
    "never be changed again, and without it the board cannot make a key.",
}

const NEW_KEY: Question = {
  id: "new-key",
  kind: "irreversible",
  sentence:
    "Make a new private key in slot 0 of the secure element? A key that is there now is lost for good, and with it " +
    "whatever the board used it for. With no, the key that is there is used.",
}

const PROMPTS: readonly Prompt[] = [
  { text: /would you like to PERMANENTLY configure and lock it now\? \(y\/N\) \[N\]: $/, reply: lock },
  {
    text: /(?:Country Name|State or Province Name|Locality Name|Organization Name|Organizational Unit Name) \([^)]*\) \[\]: $/,
    reply: () => "",
  },
  { text: /Common Name \(e\.g\. server FQDN or YOUR name\) \[[0-9A-Fa-f]*\]: $/, reply: (task) => task.commonName },
  { text: /What slot would you like to use\? \(0 - 4\) \[0\]: $/, reply: () => "0" },
  { text: /Would you like to generate a new private key\? \(Y\/n\) \[Y\]: $/, reply: newKey },
]

/** Ends of the sketch: it waits for a reset then. */
const ENDS: readonly { readonly text: RegExp; readonly outcome: Outcome<never> }[] = [
  {
    text: /No ECCX08 present!\s*$/,
    outcome: refused("no-chip", "the board has no secure element; use another board or dialect"),
  },
  {
    text: /you can't proceed without locking it :\(\s*$/,
    outcome: refused(
      "not-locked",
      "the secure element stays as it is, and the board makes no key; press reset to be asked again",
    ),
  },
  {
    text: /Writing ECCX08 configuration failed!\s*$/,
    outcome: refused("chip-failed", "the secure element could not be configured; replace the board"),
  },
  {
    text: /Locking ECCX08 configuration failed!\s*$/,
    outcome: refused("chip-failed", "the secure element could not be locked; replace the board"),
  },
  {
    text: /Error starting CSR generation!\s*$/,
    outcome: failedForNow("chip-failed", "the secure element made no key; press reset and try again"),
  },
  {
    text: /Error generating CSR!\s*$/,
    outcome: failedForNow("chip-failed", "the secure element signed no request; press reset and try again"),
  },
]

const REQUEST = /-----BEGIN CERTIFICATE REQUEST-----[A-Za-z0-9+/=\s]*-----END CERTIFICATE REQUEST-----\s*$/
/** Any of them: something is to be done. */
const TURN = new RegExp([...PROMPTS, ...ENDS, { text: REQUEST }].map(({ text }) => `(?:${text.source})`).join("|"))

function lock(task: Task): string | Outcome<never> {
  const answer = task.answer(LOCK.id)
  if (answer === undefined) return needsAnswer(LOCK)
  return answer === "yes"
    ? "y"
    : refused("not-locked", "the secure element stays as it is; without its lock the board makes no key")
}

function newKey(task: Task): string | Outcome<never> {
  const answer = task.answer(NEW_KEY.id)
  if (answer === undefined) return needsAnswer(NEW_KEY)
  return answer === "yes" ? "Y" : "n"
}

/** Listens only: a line sent to a stranger's prompt would be an answer. The sketch speaks first, once the port is open. */
async function detect(line: Line): Promise<Identity | undefined> {
  const until = performance.now() + 600
  while (!isSketch(line.heard) && performance.now() < until) await line.wait(50)
  if (!isSketch(line.heard)) return undefined
  const uid = /ECCX08 Serial Number = ([0-9A-Fa-f]{18})/.exec(line.heard)?.[1]
  return { uid, model: "ECCX08", state: "unknown" }
}

function isSketch(heard: string): boolean {
  return /ECCX08 Serial Number = |No ECCX08 present!/.test(heard) || PROMPTS.some(({ text }) => text.test(heard))
}

/** Goes on from wherever the sketch is: what was heard last says it. */
async function request(line: Line, task: Task): Promise<Outcome<KeyRequest>> {
  // lock, eight questions, the request: never more turns than that
  for (let turn = 0; turn < 12; turn++) {
    const { heard } = line
    const csr = REQUEST.exec(heard)?.[0]
    if (csr !== undefined) return done({ csr })
    const end = ENDS.find(({ text }) => text.test(heard))
    if (end !== undefined) return end.outcome
    const reply = PROMPTS.find(({ text }) => text.test(heard))?.reply(task)
    if (typeof reply === "object") return reply
    if (reply !== undefined) {
      line.discard() // the question; half of one that is still coming must stay
      await line.write(`${reply}\n`)
    }
    if (!(await heardMore(line))) return failedForNow("no-answer", "the board says nothing; press its reset button")
  }
  return refused("device-confused", "the sketch asks more than ECCX08CSR does; upload the library's own")
}

async function heardMore(line: Line): Promise<boolean> {
  try {
    await line.readUntil(TURN, { timeoutMs: STEP_MS, longest: LONGEST })
    return true
  } catch (error) {
    if (isTimeout(error)) return false
    throw error
  }
}

/** The sketch takes nothing back; the key is in the secure element, and that is what counts. */
async function store(_line: Line, task: Task): Promise<Outcome> {
  task.note("the sketch ECCX08CSR takes no certificate: it goes into the board's own sketch")
  return done()
}

async function verify(): Promise<Outcome<Verified>> {
  return done({ proven: false })
}

async function connect(_line: Line, _task: Task, { broker }: Material): Promise<Outcome<Connecting>> {
  const remedy =
    "download the certificate and the trust anchor, put them into the board's sketch (ArduinoBearSSL: setEccSlot(0, " +
    `certificate)), let it connect to ${broker.host}, port ${broker.port}, and upload it`
  return done({ told: false, remedy })
}
