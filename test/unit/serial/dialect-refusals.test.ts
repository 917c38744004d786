import assert from "node:assert/strict"
import { describe, test } from "node:test"
import { makeDeviceKey } from "../../../service/ca/device-key.ts"
import { eccx08 } from "../../../service/serial/dialects/eccx08.ts"
import { nrf91 } from "../../../service/serial/dialects/nrf91.ts"
import { checksum, quectel } from "../../../service/serial/dialects/quectel.ts"
import { ublox } from "../../../service/serial/dialects/ublox.ts"
import { zephyr } from "../../../service/serial/dialects/zephyr.ts"
import { Eccx08Player } from "../../support/players/eccx08-player.ts"
import { Nrf91Player } from "../../support/players/nrf91-player.ts"
import { QuectelPlayer } from "../../support/players/quectel-player.ts"
import { UbloxPlayer } from "../../support/players/ublox-player.ts"
import { ZephyrPlayer } from "../../support/players/zephyr-player.ts"
import { provision, taskFor, value } from "../../support/provisioning.ts"
import { bench, certify, judge, refusal } from "./workbench.ts"

/** What a device whose key the gateway makes is given. */
async function made(commonName: string) {
  const { keyPem, csrPem } = makeDeviceKey(commonName)
  return { ...(await certify(commonName, csrPem)), privateKeyPem: keyPem }
}

describe("an nRF91", { concurrency: 8 }, () => {
  const request = nrf91.request!.bind(nrf91)

  test("that is in use keeps its key until a person says yes", async () => {
    const player = new Nrf91Player({ inUse: true })
    await using desk = bench(player)
    assert.equal((await nrf91.detect(desk.line))?.state, "active")
    assert.deepEqual(refusal(await request(desk.line, taskFor("pump-1"))).question?.kind, "irreversible")
    assert.equal(refusal(await request(desk.line, taskFor("pump-1", { "replace-credentials": "no" }))).code, "kept")
    assert.doesNotMatch(player.received, /CMNG=[03]|KEYGEN|CFUN/)
    await provision(nrf91, desk.line, taskFor("pump-1", { "replace-credentials": "yes" }), certify)
    await judge(player.holdings(), "pump-1")
  })

  test("whose answer to %KEYGEN was lost makes another key without a question: nobody uses the first", async () => {
    const player = new Nrf91Player()
    await using desk = bench(player)
    value(await request(desk.line, taskFor("pump-1")))
    await provision(nrf91, desk.line, taskFor("pump-1"), certify)
    await judge(player.holdings(), "pump-1")
    assert.deepEqual(player.complaints, [])
  })

  test("that lost its key meanwhile gets no certificate", async () => {
    await using desk = bench(new Nrf91Player())
    const material = await made("pump-1")
    assert.equal(refusal(await nrf91.store(desk.line, taskFor("pump-1"), material)).code, "key-lost")
  })

  test("of before 1.3.0 cannot make keys", async () => {
    await using desk = bench(new Nrf91Player({ firmware: "mfw_nrf9160_1.2.0" }))
    assert.equal(refusal(await request(desk.line, taskFor("pump-1"))).code, "modem-too-old")
  })

  for (const [writeError, code] of [
    [513, "not-found"],
    [514, "no-access"],
    [515, "no-space"],
    [518, "modem-active"],
    [528, "power"],
    [50, "device-refused"],
  ] as const) {
    test(`that answers +CME ERROR: ${writeError} is refused as ${code}`, async () => {
      const player = new Nrf91Player({ writeError })
      await using desk = bench(player)
      const task = taskFor("pump-1")
      const { csr } = value(await request(desk.line, task))
      assert.equal(refusal(await nrf91.store(desk.line, task, await certify("pump-1", csr))).code, code)
    })
  }
})

describe("a Zephyr shell", { concurrency: 8 }, () => {
  test("with the default buffer takes a certificate and a key; one with less says which option to raise", async () => {
    await using desk = bench(new ZephyrPlayer({ buffer: 512 }))
    const refused = refusal(await zephyr.store(desk.line, taskFor("pump-1"), await made("pump-1")))
    assert.equal(refused.code, "buffer-too-small")
    assert.match(refused.sentence, /CONFIG_TLS_CREDENTIALS_SHELL_CRED_BUF_SIZE/)
  })

  test("that holds other credentials keeps them until a person says yes", async () => {
    const player = new ZephyrPlayer({ inUse: true })
    await using desk = bench(player)
    const material = await made("pump-1")
    const store = (answers: Record<string, string>) => zephyr.store(desk.line, taskFor("pump-1", answers), material)
    assert.equal(refusal(await store({})).question?.kind, "irreversible")
    assert.equal(refusal(await store({ "replace-credentials": "no" })).code, "kept")
    assert.doesNotMatch(player.received, /cred (?:del|add)/)
    value(await store({ "replace-credentials": "yes" }))
    await judge(player.holdings(), "pump-1")
  })

  test("that logs amid its answers is understood all the same", async () => {
    const player = new ZephyrPlayer()
    await using desk = bench(player)
    const send = player.send
    player.send = (text) => send(text.replaceAll("\r\n", "\r\n[00:00:12.345,000] \x1b[0m<inf> net: lease\x1b[0m\r\n"))
    await provision(zephyr, desk.line, taskFor("pump-1"), certify)
    await judge(player.holdings(), "pump-1")
  })
})

describe("a Quectel modem", { concurrency: 8 }, () => {
  test("is checked by the exclusive or of 16-bit words, an odd last byte being a high one", () => {
    assert.equal(checksum(Buffer.from([0x12, 0x34, 0x0f])), "1d34")
    assert.equal(checksum(Buffer.from("aa")), "6161")
    assert.equal(checksum(Buffer.alloc(0)), "0000")
  })

  for (const [uploadError, code] of [
    [407, "exists"],
    [409, "store-failed"],
    [420, "no-space"],
    [421, "garbled"],
    [423, "no-space"],
    [400, "device-refused"],
  ] as const) {
    test(`that answers +CME ERROR: ${uploadError} is refused as ${code}`, async () => {
      await using desk = bench(new QuectelPlayer({ uploadError }))
      assert.equal(refusal(await quectel.store(desk.line, taskFor("pump-1"), await made("pump-1"))).code, code)
    })
  }

  test("that got a byte wrong is found out by its checksum", async () => {
    await using desk = bench(new QuectelPlayer({ garbles: true }))
    const refused = refusal(await quectel.store(desk.line, taskFor("pump-1"), await made("pump-1")))
    assert.deepEqual([refused.code, refused.passing], ["garbled", true])
  })

  test("without a network tells what its firmware has to do", async () => {
    await using desk = bench(new QuectelPlayer({ offline: true }))
    const connecting = value(await quectel.connect(desk.line, taskFor("pump-1"), await made("pump-1")))
    assert.equal(connecting.told, false)
    assert.match(connecting.remedy ?? "", /AT\+QMTOPEN=0,"192\.0\.2\.7",8883/)
  })
})

describe("a u-blox modem", { concurrency: 8 }, () => {
  test("that has no room says so with a plain ERROR, and the sentence says what that may mean", async () => {
    await using desk = bench(new UbloxPlayer({ room: 1 }))
    const refused = refusal(await ublox.store(desk.line, taskFor("pump-1"), await made("pump-1")))
    assert.equal(refused.code, "device-refused")
    assert.match(refused.sentence, /as many certificates as it can/)
  })

  test("without an MQTT client of its own is provisioned for the firmware's", async () => {
    const player = new UbloxPlayer({ withoutMqtt: true })
    await using desk = bench(player)
    const { told } = await provision(ublox, desk.line, taskFor("pump-1"), certify)
    assert.equal(told, false)
    await judge(player.holdings(), "pump-1")
  })
})

describe("an Arduino with ECCX08CSR", { concurrency: 8 }, () => {
  const request = eccx08.request!.bind(eccx08)

  test("is never locked without a person's yes: not without an answer, not with a no", async () => {
    const player = new Eccx08Player({ locked: false })
    await using desk = bench(player)
    await eccx08.detect(desk.line)
    const asked = refusal(await request(desk.line, taskFor("pump-1", { "new-key": "yes" })))
    assert.deepEqual([asked.question?.id, asked.question?.kind], ["lock-chip", "irreversible"])
    assert.match(asked.sentence, /PERMANENTLY/)
    for (const answer of ["no", "", "Yes", "y"]) {
      const refused = refusal(await request(desk.line, taskFor("pump-1", { "new-key": "yes", "lock-chip": answer })))
      assert.equal(refused.code, "not-locked")
    }
    assert.equal(player.received, "")
    assert.equal(player.locked, false)
  })

  test("is locked with it, goes on from where it was, and makes a key only with another yes", async () => {
    const player = new Eccx08Player({ locked: false })
    await using desk = bench(player)
    const task = taskFor("pump-1", { "lock-chip": "yes" })
    const asked = refusal(await request(desk.line, task))
    assert.deepEqual([asked.question?.id, asked.question?.kind], ["new-key", "irreversible"])
    assert.deepEqual([player.locked, player.keysMade], [true, 0])
    task.answers["new-key"] = "yes"
    const { csr } = value(await request(desk.line, task))
    await certify("pump-1", csr)
    assert.equal(player.keysMade, 1)
  })

  test("uses the key it has when the person says no to a new one", async () => {
    const player = new Eccx08Player()
    await using desk = bench(player)
    value(await request(desk.line, taskFor("pump-1", { "new-key": "no" })))
    assert.equal(player.keysMade, 0)
  })

  test("may print its questions in pieces of any size", async () => {
    for (const size of [1, 7, 19]) {
      const player = new Eccx08Player()
      await using desk = bench(player)
      const send = player.send
      let last = Promise.resolve()
      player.send = (text) => {
        for (let at = 0; at < text.length; at += size) {
          last = last.then(() => new Promise(setImmediate)).then(() => send(text.slice(at, at + size)))
        }
      }
      value(await request(desk.line, taskFor("pump-1", { "new-key": "yes" })))
    }
  })

  test("without a secure element is refused", async () => {
    await using desk = bench(new Eccx08Player({ chip: false }))
    assert.ok(await eccx08.detect(desk.line))
    assert.equal(refusal(await request(desk.line, taskFor("pump-1"))).code, "no-chip")
  })
})
