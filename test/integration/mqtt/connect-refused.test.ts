import assert from "node:assert/strict"
import { after, before, describe, it } from "node:test"
import type { Version } from "../../support/packet-client.ts"
import { hex, packet, properties, text } from "./bytes.ts"
import { PASSWORD, Plant } from "./plant.ts"

const CLEAN = 0x02
const LOGIN = 0xc0
const WILL = 0x04

/** The parts of a good CONNECT; every case changes one of them. */
interface Parts {
  readonly name?: string | Buffer
  readonly level?: number
  readonly flags?: number
  readonly properties?: Buffer
  readonly id?: string | Buffer
  readonly rest?: readonly Buffer[]
}

const CREDENTIALS = [text("worker"), text(PASSWORD)]

function connect(version: Version, parts: Parts): Buffer {
  const { name = version === 3 ? "MQIsdp" : "MQTT", level = version, flags = CLEAN | LOGIN } = parts
  const { id = "refused", rest = CREDENTIALS } = parts
  const options = version === 5 ? (parts.properties ?? properties()) : Buffer.alloc(0)
  return packet(0x10, text(name), Buffer.from([level, flags]), "003c", options, text(id), ...rest)
}

const will = (version: Version, topic: string | Buffer, ...options: (Buffer | string)[]) => [
  ...(version === 5 ? [properties(...options)] : []),
  text(topic),
  text("gone"),
  ...CREDENTIALS,
]
const ILL_FORMED = hex("61c3")
const SURROGATE = hex("61eda080")
const NUL = Buffer.from("a\0b")
const willed = CLEAN | LOGIN | WILL

type Case = readonly [string, Parts | Buffer]
const malformed = (version: Version): Case[] => [
  ["ends before its client identifier", packet(0x10, text("MQTT"), Buffer.from([version, CLEAN]), "003c")],
  ["has bytes behind its last field [MQTT-3.1.4-1]", { rest: [...CREDENTIALS, hex("00")] }],
  ["has its reserved flag set [MQTT-3.1.2-3]", { flags: CLEAN | LOGIN | 1 }],
  ["has its user name flag off but the field present [3.1.1: 3.1.2-18]", { flags: CLEAN | 0x40 }],
  ["has its password flag off but the field present [3.1.1: 3.1.2-20]", { flags: CLEAN | 0x80 }],
  ["has both flags off but the fields present [MQTT-3.1.2-16]", { flags: CLEAN }],
  ["has a user name flag and no user name [MQTT-3.1.2-17]", { rest: [] }],
  ["has will QoS 3 [MQTT-3.1.2-12]", { flags: willed | 0x18, rest: will(version, "w") }],
  ["has will QoS 1 and no will [MQTT-3.1.2-11]", { flags: CLEAN | LOGIN | 0x08 }],
  ["has will retain and no will [MQTT-3.1.2-13]", { flags: CLEAN | LOGIN | 0x20 }],
  ["has an ill-formed client identifier [MQTT-1.5.4-1]", { id: ILL_FORMED }],
  ["has a surrogate in its client identifier [MQTT-1.5.4-1]", { id: SURROGATE }],
  ["has U+0000 in its client identifier [MQTT-1.5.4-2]", { id: NUL }],
  ["has an ill-formed user name [MQTT-3.1.3-11]", { rest: [text(ILL_FORMED), text(PASSWORD)] }],
  ["has U+0000 in its user name [MQTT-1.5.4-2]", { rest: [text(NUL), text(PASSWORD)] }],
  ["has an ill-formed will topic [MQTT-3.1.3-11]", { flags: willed, rest: will(version, ILL_FORMED) }],
  ["has U+0000 in its will topic [MQTT-1.5.4-2]", { flags: willed, rest: will(version, NUL) }],
]

const MALFORMED_5: Case[] = [
  ["has a property that is not CONNECT's [2.2.2.2]", { properties: properties("23 0001") }],
  ["has a property nobody knows [2.2.2.2]", { properties: properties("7f 00") }],
  ["has a property that is cut short", { properties: properties("11 0000") }],
  ["has properties longer than the packet", { properties: hex("7f") }],
]

const VIOLATED_5: Case[] = [
  ["has Session Expiry Interval twice (3.1.2.11.2)", { properties: properties("11 00000001 11 00000001") }],
  ["has Receive Maximum 0 (3.1.2.11.3)", { properties: properties("21 0000") }],
  ["has Maximum Packet Size 0 (3.1.2.11.4)", { properties: properties("27 00000000") }],
  ["has Request Problem Information 2 (3.1.2.11.7)", { properties: properties("17 02") }],
  ["has Request Response Information 2 (3.1.2.11.6)", { properties: properties("19 02") }],
  ["has Authentication Data without a method (3.1.2.11.10)", { properties: properties("16 0001 00") }],
  ["has Will Delay Interval twice (3.1.3.2.2)", { flags: willed, rest: will(5, "w", "18 00000001 18 00000001") }],
]

/** Each fault of CONNECT: what the client is told, and that it is closed. `undefined`: closed without an answer. */
describe("a CONNECT with a fault", () => {
  let plant: Plant
  before(async () => {
    plant = await Plant.open()
  })
  after(() => plant[Symbol.asyncDispose]())

  function refused(version: Version, [sentence, parts]: Case, code: number | undefined): void {
    const words = code === undefined ? "is closed without an answer" : `gets 0x${code.toString(16)} and is closed`
    it(`MQTT ${version}: a CONNECT that ${sentence} ${words}`, async () => {
      const line = await plant.line(version)
      line.write(Buffer.isBuffer(parts) ? parts : connect(version, parts))
      if (code !== undefined) {
        const connack = await line.next("connack")
        assert.equal(connack.reasonCode ?? connack.returnCode, code)
        assert.equal(connack.sessionPresent, false, "[MQTT-3.2.2-6]")
      }
      assert.deepEqual(await line.closed(), [])
    })
  }

  for (const fault of malformed(4)) refused(4, fault, undefined)
  for (const fault of malformed(5)) {
    if (!fault[0].includes("password flag off")) refused(5, fault, 0x81)
  }
  for (const fault of MALFORMED_5) refused(5, fault, 0x81)
  for (const fault of VIOLATED_5) refused(5, fault, 0x82)

  refused(
    4,
    ["has a password without a user name [3.1.1: 3.1.2-22]", { flags: CLEAN | 0x40, rest: [text("x")] }],
    undefined,
  )
  refused(4, ["has no client identifier and no clean session [3.1.1: 3.1.3-8]", { flags: LOGIN, id: "" }], 2)
  refused(3, ["has no client identifier (3.1: 1 to 23 characters)", { id: "" }], 2)
  refused(4, ["has the protocol level 3 under the name MQTT [MQTT-3.1.2-2]", { level: 3 }], 1)
  refused(3, ["has the protocol level 4 under the name MQIsdp [MQTT-3.1.2-2]", { level: 4 }], 1)
  refused(5, ["has the protocol level 6 [MQTT-3.1.2-2]", { level: 6 }], 0x84)
  refused(4, ["has the protocol name HTTP [MQTT-3.1.2-1]", { name: "HTTP" }], undefined)
  refused(5, ["has the protocol name mqtt [MQTT-3.1.2-1]", { name: "mqtt" }], undefined)
  refused(4, ["has an empty will topic [MQTT-4.7.3-1]", { flags: willed, rest: will(4, "") }], undefined)
  refused(5, ["has an empty will topic [MQTT-4.7.3-1]", { flags: willed, rest: will(5, "") }], 0x81)
  refused(4, ["has a wildcard in its will topic [MQTT-3.3.2-2]", { flags: willed, rest: will(4, "a/+") }], undefined)
  refused(5, ["has a wildcard in its will topic [MQTT-3.3.2-2]", { flags: willed, rest: will(5, "a/#") }], 0x81)
  refused(
    5,
    ["asks for enhanced authentication, which is not offered (4.12)", { properties: properties("15", text("SCRAM")) }],
    0x8c,
  )
  refused(4, ["gives no user name", { flags: CLEAN, rest: [] }], 5)
  refused(5, ["gives no user name", { flags: CLEAN, rest: [] }], 0x87)
  refused(5, ["gives a password alone", { flags: CLEAN | 0x40, rest: [text("x")] }], 0x87)
  refused(3, ["gives a wrong password", { rest: [text("nobody-3"), text("wrong")] }], 4)
  refused(4, ["gives a wrong password", { rest: [text("nobody-4"), text("wrong")] }], 4)
  refused(5, ["gives a wrong password", { rest: [text("nobody-5"), text("wrong")] }], 0x86)
  refused(5, ["is longer than a client may send before its login", { id: "x".repeat(17_000) }], undefined)

  it("the first packet must be CONNECT [MQTT-3.1.0-1]: anything else is closed without an answer", async () => {
    for (const first of ["c000", "30030001 61", "8206 0001 0001 61 00", "00", "ff"]) {
      const line = await plant.line()
      line.write(first)
      assert.deepEqual(await line.closed(), [], first)
    }
  })

  it("a second CONNECT is a protocol error [MQTT-3.1.0-2]", async () => {
    for (const version of [3, 4, 5] as const) {
      const client = await plant.client({ version })
      client.send(plant.connect({ version }))
      await client.ended(0x82)
    }
  })
})
