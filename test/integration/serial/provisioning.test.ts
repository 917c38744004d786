import assert from "node:assert/strict"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { describe, it } from "node:test"
import type { Board } from "../../../scripts/device/board.ts"
import { SerialBench } from "./bench.ts"

const inUse = (certificates: readonly { state: string }[]) =>
  certificates.filter(({ state }) => state === "active").length

/** The private key that lies in a simulated device, as one line of base64. */
function keyOf({ storage }: Board): string {
  const pem = readFileSync(join(storage.folder, storage.page.active!.slot, "key.pem"), "utf8")
  return pem.replace(/-----.*-----|\s/g, "")
}

describe("a device plugged in", { concurrency: 2 }, () => {
  it("has its certificate, trust anchor and the broker's address, and has connected, without another action", async () => {
    await using bench = await SerialBench.open()
    const ordered = await bench.order("pump-1")
    assert.equal(ordered.state, "waiting")
    const began = performance.now()
    const board = await bench.plugIn({ misbehaviour: { chatter: 50 } })
    const job = await bench.reaches(ordered.id, ["done"])
    console.log(`plug-in to first connection: ${Math.round(performance.now() - began)} ms`)
    assert.equal(job.device.uid, "sim-0001")
    assert.equal(job.device.dialect, "gatehouse")
    assert.equal(job.device.keyOrigin, "device")
    assert.deepEqual([job.attempts, job.problem, job.question], [1, undefined, undefined])
    const [certificate, ...others] = await bench.certificates("pump-1")
    assert.deepEqual([certificate?.state, certificate?.serial, others.length], ["active", job.certificate.serial, 0])
    const { clients } = await bench.gateway.api.get("/clients")
    assert.deepEqual([clients[0].username, clients.length], ["pump-1", 1])
    assert.ok(board.network.connected)
  })

  it("keeps its key: no twelve characters of it ever stand on the line or in the log", async () => {
    await using bench = await SerialBench.open()
    const { id } = await bench.order("pump-1")
    const board = await bench.plugIn()
    await bench.reaches(id, ["done"])
    const [key, log] = [keyOf(board), await bench.log(id)]
    // PKCS#8 ends with the public key, which is in the request and the certificate; the private one stands before it
    const secret = key.slice(40, 92)
    for (let at = 0; at + 12 <= secret.length; at++) assert.ok(!log.includes(secret.slice(at, at + 12)))
    assert.match(log, /"op":"commit"/)
    assert.match(log, /note .*connection was seen/)
  })

  it("is recognised on request before it has a name, and a job for its port begins at once", async () => {
    await using bench = await SerialBench.open()
    await bench.plugIn()
    await bench.appears(bench.cable.host)
    const { api } = bench.gateway
    const port = await api.post("/serial/recognitions", { port: bench.cable.host })
    assert.deepEqual([port.device.uid, port.device.state, port.use], ["sim-0001", "blank", "free"])
    const { id } = await bench.order("pump-1", { port: bench.cable.host })
    await bench.reaches(id, ["done"])
    const { ports } = await api.get("/serial/ports")
    assert.deepEqual([ports[0].plug.path, ports[0].use], [bench.cable.host, "free"])
  })

  it("that was there before the order is not taken for the next one", async () => {
    await using bench = await SerialBench.open()
    await bench.plugIn()
    await bench.appears(bench.cable.host)
    await bench.gateway.api.post("/serial/recognitions", { port: bench.cable.host })
    const { id } = await bench.order("pump-1")
    await bench.gateway.api.post("/serial/recognitions", { port: bench.cable.host })
    assert.equal((await bench.job(id)).state, "waiting")
    await bench.cable.pull()
    await bench.cable.plug()
    await bench.reaches(id, ["done"])
  })

  it("gets the next name of a batch, two at once on two cables, and none of them twice", async () => {
    await using bench = await SerialBench.open({ cables: 2 })
    const { api } = bench.gateway
    const names = { pattern: "valve-##", from: 7, count: 3 }
    const { jobs } = await api.post("/serial/batches", { names, host: "127.0.0.1" })
    await Promise.all([bench.plugIn({ uid: "a" }, bench.cables[0]), bench.plugIn({ uid: "b" }, bench.cables[1])])
    const done = await Promise.all([bench.reaches(jobs[0].id, ["done"]), bench.reaches(jobs[1].id, ["done"])])
    assert.deepEqual(done.map(({ username }) => username).sort(), ["valve-07", "valve-08"])
    assert.deepEqual(done.map(({ device }) => device.uid).sort(), ["a", "b"])
    // the first device again: it has its certificate, the third name is not for it
    await bench.cable.pull()
    await bench.cable.plug()
    await bench.portSays(bench.cable.host, "no-job")
    assert.equal((await bench.job(jobs[2].id)).state, "waiting")
    await bench.unplug(bench.cables[1])
    await bench.plugIn({ uid: "c" }, bench.cables[1])
    assert.equal((await bench.reaches(jobs[2].id, ["done"])).device.uid, "c")
  })

  it("takes the place of a broken one: the old certificate ends when the new one is proven, and not before", async () => {
    await using bench = await SerialBench.open()
    const first = await bench.order("pump-1")
    await bench.plugIn({ uid: "old" })
    const { certificate: old } = await bench.reaches(first.id, ["done"])
    await bench.unplug()
    await assert.rejects(bench.order("pump-1"), /has certificate .* already; .*replace/)
    const second = await bench.order("pump-1", { replace: true })
    assert.equal((await bench.gateway.api.get(`/certificates/${old.serial}`)).state, "active")
    await bench.plugIn({ uid: "new" })
    await bench.reaches(second.id, ["done"])
    const certificates = await bench.certificates("pump-1")
    assert.deepEqual(certificates.map(({ state }) => state).sort(), ["active", "superseded"])
    assert.equal(certificates.find(({ state }) => state === "superseded")?.serial, old.serial)
  })

  it("in service already asks for the code on its label, and goes on once it is typed; the log hides it", async () => {
    await using bench = await SerialBench.open()
    const first = await bench.order("pump-1")
    const board = await bench.plugIn({ lock: "code", code: "4711-0815" })
    await bench.reaches(first.id, ["done"])
    const { id } = await bench.order("pump-1", { replace: true, port: bench.cable.host })
    const asking = await bench.reaches(id, ["question"])
    assert.deepEqual([asking.question.kind, asking.question.id], ["code", "label-code"])
    const { api } = bench.gateway
    await assert.rejects(api.post(`/serial/jobs/${id}/answers`, { question: "other", answer: "x" }), /409/)
    await api.post(`/serial/jobs/${id}/answers`, { question: "label-code", answer: "4711-0815" })
    const job = await bench.reaches(id, ["done"])
    assert.ok(!("answers" in job))
    assert.doesNotMatch(await bench.log(id), /4711-0815/)
    assert.equal(inUse(await bench.certificates("pump-1")), 1)
    assert.ok(board.storage.page.active)
  })

  it("has a label with its name, the hash of its key and a QR code", async () => {
    await using bench = await SerialBench.open()
    const { id } = await bench.order("pump-1")
    assert.equal((await bench.gateway.api.raw("GET", `/serial/jobs/${id}/label`)).status, 409)
    await bench.plugIn()
    const { certificate } = await bench.reaches(id, ["done"])
    const { body, headers } = await bench.gateway.api.raw("GET", `/serial/jobs/${id}/label`)
    assert.equal(headers["content-type"], "image/svg+xml")
    assert.match(body, />pump-1</)
    assert.ok(body.includes(certificate.publicKey.slice(0, 16).replace(/(.{4})(?=.)/g, "$1 ")))
  })
})

describe("an order", () => {
  it("sent again with its Idempotency-Key is still one, and another one with that key is refused", async () => {
    await using bench = await SerialBench.open()
    const { api } = bench.gateway
    const key = { "idempotency-key": '"7d3c"' }
    const order = (username: string) => api.raw("POST", "/serial/jobs", { username, host: "127.0.0.1" }, key)
    const [one, two] = await Promise.all([order("pump-1"), order("pump-1")])
    assert.deepEqual([one.status, two.status, one.body.id], [201, 201, two.body.id])
    const other = await order("pump-2")
    assert.deepEqual([other.status, other.body.code], [409, "conflict"])
    assert.equal((await api.get("/serial/jobs")).jobs.length, 1)
  })

  it("is refused with the reason where no device could be given that name", async () => {
    await using bench = await SerialBench.open({
      bootstrap: {
        users: [
          { username: "meter", grant: { kind: "password", password: "long enough for a device" } },
          { username: "off", grant: { kind: "certificate" }, enabled: false },
        ],
      },
    })
    const { api } = bench.gateway
    const refused = async (body: object) => {
      const { status, body: problem } = await api.raw("POST", "/serial/jobs", { host: "127.0.0.1", ...body })
      return `${status} ${problem.code} ${problem.detail}`
    }
    assert.match(await refused({ username: "meter" }), /^409 conflict .*a password; change its grant/)
    assert.match(await refused({ username: "off" }), /^409 conflict .*disabled/)
    assert.match(await refused({ username: "root-admin" }), /^403 forbidden .*is no device/)
    assert.match(await refused({ username: "pump", roles: ["admin"] }), /^403 forbidden .*is no device/)
    assert.match(await refused({ username: "pump", roles: ["nobody"] }), /^400 bad-request .*no role nobody/)
    assert.match(await refused({ username: "pump", host: "evil.example" }), /^400 bad-request .*does not bear/)
    assert.match(await refused({ username: "pump/#" }), /^400 bad-request/)
    await bench.order("pump")
    assert.match(await refused({ username: "pump" }), /^409 conflict .*giving the name pump already/)
  })

  it("of a technician reaches no further than the technician's own rights", async () => {
    await using bench = await SerialBench.open({
      bootstrap: {
        users: [
          { username: "tom", grant: { kind: "password", password: "a password for a person" }, roles: ["technician"] },
        ],
        roles: [{ name: "plant", permissions: [{ context: "mqtt", operation: "readWrite", resource: "plant/#" }] }],
      },
    })
    const { api } = bench.gateway
    await api.signIn("tom", "a password for a person")
    const refused = await api.raw("POST", "/serial/jobs", { username: "pump", roles: ["plant"], host: "127.0.0.1" })
    assert.deepEqual([refused.status, refused.body.code], [403, "forbidden"])
    const { id } = await bench.order("pump")
    await bench.plugIn()
    assert.equal((await bench.reaches(id, ["done"])).by, "tom")
  })

  it("that is cancelled leaves no certificate in force, and the device is cleared", async () => {
    await using bench = await SerialBench.open()
    const { id } = await bench.order("pump-1")
    const board = await bench.plugIn({ misbehaviour: { slow: 40 } })
    await bench.hasCertificate(id)
    await bench.verb(id, "cancel")
    await bench.free(bench.cable.host)
    const states = (await bench.certificates("pump-1")).map(({ state }) => state)
    assert.deepEqual(states, ["revoked"])
    assert.deepEqual([board.storage.page.pending, board.storage.page.active], [undefined, undefined])
    assert.equal((await bench.job(id)).state, "cancelled")
  })
})
