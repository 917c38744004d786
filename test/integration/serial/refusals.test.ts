import assert from "node:assert/strict"
import { execFile } from "node:child_process"
import { readFile } from "node:fs/promises"
import { join } from "node:path"
import { describe, it } from "node:test"
import { promisify } from "node:util"
import { setFlagsFromString } from "node:v8"
import { runInNewContext } from "node:vm"
import { openTestLine } from "../../support/serial-line.ts"
import { SerialBench } from "./bench.ts"

const run = promisify(execFile)
setFlagsFromString("--expose-gc")
const collect: () => void = runInNewContext("gc")

/** What a device, or a thief behind one, may try; each is refused with its cause and leaves nothing valid behind. */
describe("a device is refused", { concurrency: 2 }, () => {
  it("that asks for the name of another one", async () => {
    await using bench = await SerialBench.open()
    const { id } = await bench.order("pump-1")
    await bench.plugIn({ misbehaviour: { name: "pump-2" } })
    const job = await bench.reaches(id, ["refused"])
    assert.equal(job.problem.code, "csr-refused")
    assert.match(job.problem.sentence, /the request names pump-2, the certificate is for pump-1/)
    assert.deepEqual(await bench.certificates("pump-1"), [])
    assert.deepEqual(await bench.certificates("pump-2"), [])
  })

  it("that replays a request whose key is another user's", async () => {
    await using bench = await SerialBench.open()
    const { api, folder } = bench.gateway
    await api.post("/users", { username: "pump-0", grant: { kind: "certificate" }, roles: ["device"] })
    // without a name of its own the request fits every user; its key does not
    const [key, file] = [join(folder, "stolen.key"), join(folder, "stolen.der")]
    await run("openssl", ["genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", key])
    await run("openssl", ["req", "-new", "-key", key, "-subj", "/O=plant", "-outform", "DER", "-out", file])
    await api.post("/users/pump-0/certificates", { csr: (await readFile(file)).toString("base64") })
    const { id } = await bench.order("pump-1")
    await bench.plugIn({ misbehaviour: { replay: file } })
    const job = await bench.reaches(id, ["refused"])
    assert.equal(job.problem.code, "csr-refused")
    assert.match(job.problem.sentence, /certified for pump-0 and cannot serve pump-1/)
    assert.deepEqual(await bench.certificates("pump-1"), [])
  })

  it("whose request never ends", async () => {
    await using bench = await SerialBench.open()
    const { id } = await bench.order("pump-1")
    await bench.plugIn({ misbehaviour: { endless: 4_000_000_000 } })
    const job = await bench.reaches(id, ["refused"])
    assert.equal(job.problem.code, "request-too-long")
    assert.match(job.problem.sentence, /4000000000 bytes, at most/)
  })

  it("that bears another name already, unless it is to be renamed", async () => {
    await using bench = await SerialBench.open()
    const first = await bench.order("pump-1")
    await bench.plugIn()
    await bench.reaches(first.id, ["done"])
    const { id } = await bench.order("pump-2", { port: bench.cable.host })
    const job = await bench.reaches(id, ["refused"])
    assert.equal(job.problem.code, "other-name")
    assert.match(job.problem.sentence, /it is pump-1, the job is for pump-2/)
    await bench.verb(id, "cancel")
    const renamed = await bench.order("pump-2", { port: bench.cable.host, replace: true })
    await bench.reaches(renamed.id, ["done"])
  })

  it("that is silent: with what to check, and it may be tried again", async () => {
    await using bench = await SerialBench.open()
    await bench.cable.plug()
    const { id } = await bench.order("pump-1", { port: bench.cable.host })
    const job = await bench.reaches(id, ["refused"], 60_000)
    assert.equal(job.problem.code, "silent")
    assert.match(job.problem.sentence, /115200.*9600.*power.*cable/)
    await bench.plugIn() // the same cable is there; the device behind it is now switched on
    await bench.verb(id, "retry")
    await bench.reaches(id, ["done"])
  })

  it("whose port another program has: with the way to find that program", async () => {
    await using bench = await SerialBench.open()
    await bench.cable.plug()
    await using _other = await openTestLine(bench.cable.host)
    const { id } = await bench.order("pump-1", { port: bench.cable.host })
    const job = await bench.reaches(id, ["refused"])
    assert.equal(job.problem.code, "busy")
    assert.match(job.problem.sentence, /fuser/)
  })

  it("never for chatter, giant lines or lost answers: those it is provisioned in spite of", async () => {
    await using bench = await SerialBench.open()
    const { id } = await bench.order("pump-1")
    await bench.plugIn({ misbehaviour: { giant: true, chatter: 20, lose: 0.15 } })
    await bench.reaches(id, ["done"], 90_000)
  })

  it("that floods the line for ever, in bounded memory, and the gateway serves others meanwhile", async () => {
    await using bench = await SerialBench.open({ cables: 2 })
    const flooded = await bench.order("pump-1", { port: bench.cable.host })
    const quiet = await bench.order("pump-2", { port: bench.cables[1]!.host })
    const buffers = () => {
      collect() // what is dead is no burden
      return process.memoryUsage().arrayBuffers
    }
    const before = buffers()
    await bench.plugIn({ uid: "flood", misbehaviour: { flood: true, silent: true } })
    await bench.plugIn({ uid: "quiet" }, bench.cables[1])
    await bench.reaches(quiet.id, ["done"], 60_000)
    const job = await bench.reaches(flooded.id, ["refused"], 90_000)
    assert.equal(job.problem.code, "not-recognised")
    const grown = (buffers() - before) / 1024 / 1024
    const received = Number(/\((\d+) bytes/.exec(job.problem.sentence)?.[1])
    console.log(`flooded: ${received} bytes received, ${grown.toFixed(0)} MiB more in buffers`)
    assert.ok(received > 1_000_000 && grown < 16, `${received} bytes, ${grown} MiB`)
    assert.ok((await bench.log(flooded.id)).length < 400_000)
  })
})
