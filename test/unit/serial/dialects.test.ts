import assert from "node:assert/strict"
import { describe, test } from "node:test"
import type { Dialect } from "../../../service/serial/dialect.ts"
import { DIALECTS } from "../../../service/serial/dialects/dialects.ts"
import { eccx08 } from "../../../service/serial/dialects/eccx08.ts"
import { nrf91 } from "../../../service/serial/dialects/nrf91.ts"
import { quectel } from "../../../service/serial/dialects/quectel.ts"
import { ublox } from "../../../service/serial/dialects/ublox.ts"
import { zephyr } from "../../../service/serial/dialects/zephyr.ts"
import { Eccx08Player } from "../../support/players/eccx08-player.ts"
import { Nrf91Player } from "../../support/players/nrf91-player.ts"
import type { Player } from "../../support/players/player.ts"
import { QuectelPlayer } from "../../support/players/quectel-player.ts"
import { UbloxPlayer } from "../../support/players/ublox-player.ts"
import { ZephyrPlayer } from "../../support/players/zephyr-player.ts"
import { provision, taskFor, value } from "../../support/provisioning.ts"
import { assertNoKey, bench, certify, judge } from "./workbench.ts"

/** Every device of a kind, and whether it can prove what it holds. */
const DEVICES: readonly (readonly [string, Dialect, () => Player, { readonly proves: boolean }])[] = [
  ["an nRF9160 behind a bare AT host", nrf91, () => new Nrf91Player(), { proves: true }],
  [
    "an nRF9161 behind Zephyr's AT shell",
    nrf91,
    () => new Nrf91Player({ shell: true, firmware: "mfw_nrf91x1_2.0.2" }),
    { proves: true },
  ],
  ["an nRF9160 behind an AT host that wants CR LF", nrf91, () => new Nrf91Player({ end: "\r\n" }), { proves: true }],
  ["Zephyr's credentials shell", zephyr, () => new ZephyrPlayer(), { proves: true }],
  ["a Quectel BG96", quectel, () => new QuectelPlayer(), { proves: false }],
  ["a Quectel M66", quectel, () => new QuectelPlayer({ model: "m66" }), { proves: false }],
  ["a u-blox SARA-R410M", ublox, () => new UbloxPlayer(), { proves: true }],
  ["a u-blox that hashes the PEM", ublox, () => new UbloxPlayer({ md5: "pem" }), { proves: true }],
  ["a u-blox that keeps SEC 1 keys", ublox, () => new UbloxPlayer({ md5: "sec1" }), { proves: true }],
]

describe("devices of others", { concurrency: 3 }, () => {
  describe("from power-up to a certificate that openssl accepts", { concurrency: 12 }, () => {
    for (const [name, dialect, make, { proves }] of DEVICES) {
      test(name, async () => {
        const player = make()
        await using desk = bench(player)
        const { material, proven } = await provision(dialect, desk.line, taskFor("pump-1"), certify)
        await judge(player.holdings(), "pump-1")
        assert.equal(proven, proves)
        assert.deepEqual(player.complaints, [])
        if (dialect.keyOrigin === "gateway") assertNoKey(desk.logged(), material.privateKeyPem!)
        else assertNoKey(player.received + desk.logged(), player.holdings().key)

        const written = player.received.length
        value(await dialect.store(desk.line, taskFor("pump-1"), material))
        if (proves) assert.ok(player.received.length - written < 1500, "a device that has everything is left alone")
        await judge(player.holdings(), "pump-1")
        assert.equal((await dialect.detect(desk.line))?.state, "active")
      })
    }

    test("an Arduino with the sketch ECCX08CSR, whose certificate goes into its next sketch", async () => {
      const player = new Eccx08Player()
      await using desk = bench(player)
      const task = taskFor("pump-1", { "new-key": "yes" })
      const { material, proven } = await provision(eccx08, desk.line, task, certify)
      await judge({ ...player.holdings(), ca: material.rootPem, certificate: material.certificatePem }, "pump-1")
      assert.equal(proven, false)
      assert.equal(player.keysMade, 1)
    })
  })

  describe("a device is recognised by its own dialect and no other", { concurrency: 12 }, () => {
    const all = [...DEVICES, ["an Arduino", eccx08, () => new Eccx08Player(), { proves: false }] as const]
    for (const [name, own, make] of all) {
      test(name, async () => {
        const player = make()
        await using desk = bench(player)
        const recognised: string[] = []
        for (const dialect of DIALECTS) {
          const identity = await dialect.detect(desk.line)
          if (identity !== undefined) recognised.push(dialect.id)
          if (identity !== undefined) assert.equal(identity.state === "active", false)
        }
        assert.deepEqual(recognised, [own.id])
        assert.deepEqual(player.complaints, [])
        assert.deepEqual(Object.values(player.holdings()).join("").includes("BEGIN CERT") && own.id !== "zephyr", false)
      })
    }

    test("a silent one by none, each within its two seconds and a half", async () => {
      class Silent extends Nrf91Player {
        protected override receive(): void {}
        override powerUp(): void {}
      }
      await using desk = bench(new Silent())
      for (const dialect of DIALECTS) {
        const started = performance.now()
        assert.equal(await dialect.detect(desk.line), undefined)
        assert.ok(performance.now() - started < 2500, `${dialect.id} took ${performance.now() - started} ms`)
      }
    })
  })

  describe("probing leaves no trace", { concurrency: 12 }, () => {
    for (const locked of [true, false]) {
      test(`every dialect may probe an Arduino that waits at a question nobody heard, ${locked ? "locked" : "not locked"}`, async () => {
        const player = new Eccx08Player({ locked })
        player.powerUp() // before the port was opened: what it asked is gone
        const said: string[] = []
        player.powerUp = () => {}
        await using desk = bench(player)
        const send = player.send
        player.send = (text) => {
          said.push(text)
          send(text)
        }
        for (const dialect of DIALECTS) assert.equal(await dialect.detect(desk.line), undefined)
        assert.doesNotMatch(player.received, /\n/)
        assert.deepEqual(said, [], "no question was answered")
        assert.equal(player.keysMade, 0)
        assert.equal(player.locked, locked)
      })
    }
  })
})
