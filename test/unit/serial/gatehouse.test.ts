import assert from "node:assert/strict"
import { describe, test } from "node:test"
import { makeDeviceKey } from "../../../service/ca/device-key.ts"
import { GatewayError } from "../../../service/errors.ts"
import { LineFault } from "../../../service/serial/dialect.ts"
import { gatehouse } from "../../../service/serial/dialects/gatehouse.ts"
import type { Message } from "../../../service/serial/protocol/frame.ts"
import { GatehousePlayer } from "../../support/players/gatehouse-player.ts"
import { provision, taskFor, value } from "../../support/provisioning.ts"
import { assertNoKey, bench, certify, judge, refusal } from "./workbench.ts"

const request = gatehouse.request!.bind(gatehouse)

describe("our own dialect", { concurrency: 8 }, () => {
  test("takes a blank device to a certificate that openssl accepts; its key is nowhere on the line", async () => {
    const player = new GatehousePlayer()
    await using desk = bench(player)
    const { proven, told } = await provision(gatehouse, desk.line, taskFor("pump-1"), certify)
    assert.deepEqual({ proven, told }, { proven: true, told: true })
    await judge(player.holdings(), "pump-1")
    assertNoKey(desk.logged() + player.received, player.holdings().key)
    const identity = await gatehouse.detect(desk.line)
    assert.deepEqual([identity?.uid, identity?.state, identity?.commonName], ["player-1", "active", "pump-1"])
  })

  test("has one key for a job, however often it asks, and leaves alone a device that holds everything", async () => {
    const player = new GatehousePlayer()
    await using desk = bench(player)
    const task = taskFor("pump-1")
    const [first, again] = [value(await request(desk.line, task)), value(await request(desk.line, task))]
    assert.deepEqual(first.csr, again.csr)
    const material = await certify("pump-1", first.csr)
    value(await gatehouse.store(desk.line, task, material))
    const puts = player.asked("put")
    value(await gatehouse.store(desk.line, task, material))
    assert.equal(player.asked("put"), puts)
  })

  test("goes on where the cable was pulled, at every single request", async () => {
    const whole = new GatehousePlayer()
    await using desk = bench(whole)
    const task = taskFor("pump-1")
    const { csr } = value(await request(desk.line, task))
    const material = await certify("pump-1", csr)
    value(await gatehouse.store(desk.line, task, material))
    const needed = whole.requests.length
    for (let pulled = 1; pulled < needed; pulled += 3)
      await assert.doesNotReject(resumed(pulled), `pulled at ${pulled}`)
  })

  /** Pulls the cable when the n-th request has reached the device, before or after its answer. */
  async function resumed(n: number): Promise<void> {
    let pull = () => {}
    const player = new GatehousePlayer({
      change: (_, answer) => {
        if (player.requests.length !== n) return answer
        pull()
        return n % 2 === 0 ? answer : undefined
      },
    })
    const task = taskFor("pump-1")
    const attempt = async () => {
      await using desk = bench(player)
      pull = desk.pull
      const { csr } = value(await request(desk.line, task))
      const material = await certify("pump-1", csr)
      value(await gatehouse.store(desk.line, task, material))
      return value(await gatehouse.verify(desk.line, task, material))
    }
    await assert.rejects(attempt(), (error) => error instanceof LineFault && error.code === "gone")
    pull = () => {}
    await assert.doesNotReject(attempt())
    assert.ok(player.asked("put") <= 30, `${player.asked("put")} puts`)
  }

  for (const rate of [1e-4, 5e-4, 1e-3]) {
    test(`gets through a cable that garbles a byte in ${1 / rate}, both ways`, async () => {
      let state = 42
      const random = () => {
        state = (Math.imul(state, 1664525) + 1013904223) >>> 0
        return state / 2 ** 32
      }
      const garble = (bytes: string) =>
        bytes.replace(/./gs, (byte) =>
          random() < rate ? String.fromCharCode(byte.charCodeAt(0) ^ (1 << (random() * 8))) : byte,
        )
      const player = new GatehousePlayer({ garble })
      await using desk = bench(player)
      const { proven } = await provision(gatehouse, desk.line, taskFor("pump-1"), certify)
      assert.ok(proven)
      await judge(player.holdings(), "pump-1")
    })
  }

  test("waits for a device that says wait, and counts nothing twice when its answers come late", async () => {
    let waits = 2
    const change = ({ op }: Message, answer: Message) =>
      op === "key" && waits-- > 0 ? { id: answer.id!, err: "wait", ms: 100 } : answer
    const player = new GatehousePlayer({ change })
    await using desk = bench(player)
    await provision(gatehouse, desk.line, taskFor("pump-1"), certify)
    assert.equal(player.asked("key"), 3)
  })

  test("is not misled by its own requests coming back, nor by answers to somebody else", async () => {
    const player = new GatehousePlayer()
    await using desk = bench(player)
    const send = player.send
    player.send = (text) => send(`${player.received.slice(-600)}\n@GH{"id":7,"ok":1,"v":1}*0000\n${text}`)
    await provision(gatehouse, desk.line, taskFor("pump-1"), certify)
    await judge(player.holdings(), "pump-1")
  })

  test("sends everything anew when the device finds that what it stored is not what was sent", async () => {
    let damaged = false
    const change = ({ op }: Message, answer: Message) => {
      // a cell of its flash goes bad before the first commit
      if (op === "put" && !damaged) player.storage.write("a", "ca", "x".repeat(player.storage.stored("a", "ca")))
      damaged ||= player.asked("put") > 4
      return answer
    }
    const player: GatehousePlayer = new GatehousePlayer({ change })
    await using desk = bench(player)
    await provision(gatehouse, desk.line, taskFor("pump-1"), certify)
    assert.equal(player.asked("commit"), 2)
    await judge(player.holdings(), "pump-1")
  })
})

describe("a device in service", { concurrency: 8 }, () => {
  async function inService(lock: "button" | "code") {
    const player = new GatehousePlayer({ lock, code: "4711" })
    const desk = bench(player)
    await provision(gatehouse, desk.line, taskFor("pump-1"), certify)
    return { player, desk }
  }

  test("gives a new key only for the code on its label, which the log does not show; the old one serves until then", async () => {
    const { player, desk } = await inService("code")
    await using _desk = desk
    const before = player.holdings()
    const next = (answers: Record<string, string>) => taskFor("pump-1", answers, "job2")
    assert.equal(refusal(await request(desk.line, next({}))).question?.id, "label-code")
    const wrong = { "label-code": "0000", "label-code-2": "1111" }
    assert.equal(refusal(await request(desk.line, next(wrong))).question?.id, "label-code-3")
    assert.equal(refusal(await request(desk.line, next({ ...wrong, "label-code-3": "2222" }))).code, "wrong-code")
    const { csr } = value(await request(desk.line, next({ ...wrong, "label-code-3": "4711" })))
    assert.deepEqual(player.holdings(), before)
    value(await gatehouse.store(desk.line, next({}), await certify("pump-1", csr)))
    assert.notEqual(player.holdings().key, before.key)
    assert.doesNotMatch(desk.logged(), /4711|0000"/)
  })

  test("keeps its key while nobody holds the button, and when the new job is abandoned", async () => {
    const { player, desk } = await inService("button")
    await using _desk = desk
    const before = player.holdings()
    const refused = refusal(await request(desk.line, taskFor("pump-1", {}, "job2")))
    assert.deepEqual([refused.code, refused.passing], ["locked", true])
    await gatehouse.discard!(desk.line, taskFor("pump-1", {}, "job2"))
    assert.deepEqual(player.holdings(), before)
  })
})

describe("a hostile or broken device is refused with the cause", { concurrency: 12 }, () => {
  const refusals: Record<string, [(request: Message, answer: Message) => Message | undefined, string]> = {
    "announces a request without end": [
      ({ op }, a) => (op === "key" ? { ...a, len: 4294967295 } : a),
      "request-too-long",
    ],
    "announces more than it has": [({ op }, a) => (op === "key" ? { ...a, len: 8192 } : a), "device-refused"],
    "sends another request than it hashed": [
      ({ op }, a) => (op === "key" ? { ...a, sha: "0".repeat(64) } : a),
      "garbled",
    ],
    "answers get with another offset": [({ op }, a) => (op === "get" ? { ...a, off: 7 } : a), "device-confused"],
    "answers get with too much": [
      ({ op }, a) => (op === "get" ? { ...a, d: "QUJD".repeat(100) } : a),
      "device-confused",
    ],
    "answers get with nothing": [({ op }, a) => (op === "get" ? { ...a, d: "" } : a), "device-confused"],
    "answers get with no base64": [({ op }, a) => (op === "get" ? { ...a, d: "????" } : a), "device-confused"],
    "answers ok and nothing else": [
      ({ op }, { id }) =>
        op === "key" ? { id: id!, ok: 1 } : { id: id!, ok: 1, v: 1, uid: "x", st: "blank", alg: "p256" },
      "device-confused",
    ],
    "knows no key we certify": [
      ({ op }, a) => (op === "hello" ? { ...a, alg: "secp256k1,rsa1024" } : a),
      "no-common-key",
    ],
    "refuses with words of its own": [
      ({ op }, { id, ...a }) => (op === "key" ? { id: id!, err: "fuse", msg: "blown" } : { id: id!, ...a }),
      "device-refused",
    ],
  }
  for (const [how, [change, code]] of Object.entries(refusals)) {
    test(`one that ${how}`, async () => {
      await using desk = bench(new GatehousePlayer({ change }))
      assert.equal(refusal(await request(desk.line, taskFor("pump-1"))).code, code)
    })
  }

  test("one that falls silent half way: six tries, then the cause, and no longer than that", async () => {
    const player = new GatehousePlayer({ change: ({ op }, answer) => (op === "key" ? undefined : answer) })
    await using desk = bench(player)
    const refused = refusal(await request(desk.line, taskFor("pump-1")))
    assert.deepEqual([refused.code, refused.passing, player.asked("key")], ["no-answer", true, 6])
  })

  test("one that never gets further with what it is sent", async () => {
    const player = new GatehousePlayer({ change: ({ op }, a) => (op === "put" ? { ...a, next: 0 } : a) })
    await using desk = bench(player)
    const task = taskFor("pump-1")
    const material = await certify("pump-1", value(await request(desk.line, task)).csr)
    assert.equal(refusal(await gatehouse.store(desk.line, task, material)).code, "device-confused")
    assert.ok(player.asked("put") <= 2000)
  })

  test("one that asks for another's name, by the authority", async () => {
    const player = new GatehousePlayer({ makeKey: () => makeDeviceKey("valve-9") })
    await using desk = bench(player)
    const { csr } = value(await request(desk.line, taskFor("pump-1")))
    await assert.rejects(certify("pump-1", csr), (error) => {
      return error instanceof GatewayError && error.code === "csr-refused" && /names valve-9/.test(error.message)
    })
  })

  test("one that replays the request of a device that is registered", async () => {
    const registered = makeDeviceKey("valve-7")
    await certify("valve-7", registered.csrPem)
    const nameless = makeDeviceKey("valve-7")
    const player = new GatehousePlayer({ makeKey: () => ({ ...nameless, csrPem: registered.csrPem }) })
    await using desk = bench(player)
    // under its own name the certificate is of no use: the key is not here, and the device says so
    const task = taskFor("valve-7")
    const material = await certify("valve-7", value(await request(desk.line, task)).csr)
    assert.equal(refusal(await gatehouse.store(desk.line, task, material)).code, "key-lost")
    // under another it is refused outright
    await assert.rejects(certify("pump-1", registered.csrPem), { code: "csr-refused" })
  })

  test("one that floods the line, which costs no memory", async () => {
    const player = new GatehousePlayer({ change: () => undefined })
    await using desk = bench(player)
    const before = process.memoryUsage().arrayBuffers
    let flooding = true
    const flood = async () => {
      while (flooding) {
        player.send("never silent ".repeat(800))
        await new Promise(setImmediate)
      }
    }
    const flooded = flood()
    assert.equal(await gatehouse.detect(desk.line), undefined)
    flooding = false
    await flooded
    assert.ok(desk.line.heard.length <= 4096)
    assert.ok(process.memoryUsage().arrayBuffers - before < 64 * 2 ** 20)
  })
})
