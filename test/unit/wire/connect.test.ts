import assert from "node:assert/strict"
import { test } from "node:test"
import { fresh, hex, packet, properties, text } from "./recording-sink.ts"

const plain = {
  clean: true,
  keepAlive: 60,
  clientId: "c",
  username: undefined,
  password: undefined,
  will: undefined,
  sessionExpiry: undefined,
  receiveMaximum: 65535,
  maximumPacketSize: undefined,
  topicAliasMaximum: 0,
  requestProblemInformation: true,
  requestResponseInformation: false,
  authenticationMethod: undefined,
}

const names = { 3: text("MQIsdp"), 4: text("MQTT"), 5: text("MQTT") }
const none = properties()

/** A CONNECT of that version with these flags and the payload behind the keep alive of 60 s. */
function connect(version: 3 | 4 | 5, flags: string, ...rest: (string | Buffer)[]): Buffer {
  return packet(0x10, names[version], Buffer.from([version]), flags, "003c", ...rest)
}

const accepted: [name: string, bytes: Buffer, expected: Record<string, unknown>][] = [
  ["3.1", connect(3, "02", text("c")), { version: 3 }],
  ["3.1.1", connect(4, "02", text("c")), { version: 4 }],
  ["5", connect(5, "02", none, text("c")), { version: 5 }],
  [
    "5 with an empty client identifier [MQTT-3.1.3-6]",
    connect(5, "00", none, text("")),
    { version: 5, clean: false, clientId: "" },
  ],
  [
    "3.1.1 with an empty client identifier and a clean session [MQTT-3.1.3-7]",
    connect(4, "02", text("")),
    { version: 4, clientId: "" },
  ],
  [
    "a long client identifier (3.1: over 23 characters)",
    connect(3, "02", text("x".repeat(60))),
    { version: 3, clientId: "x".repeat(60) },
  ],
  [
    "user name and password",
    connect(4, "c2", text("ü"), text("u"), text("p")),
    { version: 4, clientId: "ü", username: "u", password: Buffer.from("p") },
  ],
  ["a user name alone", connect(4, "82", text("c"), text("u")), { version: 4, username: "u" }],
  ["an empty user name", connect(4, "82", text("c"), text("")), { version: 4, username: "" }],
  ["3.1 without the user name its flags promise", connect(3, "c2", text("c")), { version: 3 }],
  ["3.1 without the password its flags promise", connect(3, "c2", text("c"), text("u")), { version: 3, username: "u" }],
  [
    "5 with a password alone (3.1.2.9)",
    connect(5, "42", none, text("c"), text(hex("00ff"))),
    { version: 5, password: hex("00ff") },
  ],
  ["3.1 with the unused bits set", packet(0x1f, names[3], "03 03 003c", text("c")), { version: 3 }],
  [
    "a will",
    connect(4, "36", text("c"), text("w/t"), text(hex("0102"))),
    { version: 4, will: { topic: "w/t", payload: hex("0102"), qos: 2, retain: true, delay: 0, properties: undefined } },
  ],
  [
    "a will with an empty payload",
    connect(4, "06", text("c"), text("w"), text("")),
    {
      version: 4,
      will: { topic: "w", payload: Buffer.alloc(0), qos: 0, retain: false, delay: 0, properties: undefined },
    },
  ],
  [
    "a will with properties; the delay is not passed on (3.1.3.2.2)",
    connect(
      5,
      "0e",
      none,
      text("c"),
      properties("26 0001 61 0001 62", "18 00000005", "02 00000e10", "01 01"),
      text("w"),
      text("é"),
    ),
    {
      version: 5,
      will: {
        topic: "w",
        payload: Buffer.from("é"),
        qos: 1,
        retain: false,
        delay: 5,
        properties: { raw: hex("26 0001 61 0001 62 01 01"), messageExpiryInterval: 3600 },
      },
    },
  ],
  [
    "a will with a delay alone",
    connect(5, "06", none, text("c"), properties("18 ffffffff"), text("w"), text("")),
    {
      version: 5,
      will: { topic: "w", payload: Buffer.alloc(0), qos: 0, retain: false, delay: 0xffffffff, properties: undefined },
    },
  ],
  [
    "all properties",
    connect(
      5,
      "02",
      properties(
        "11 ffffffff 21 0005 27 00000100 22 000a 19 01 17 00",
        "26 0000 0000 26 0000 0000",
        "15 0001 6d 16 0001 64",
      ),
      text("c"),
    ),
    {
      version: 5,
      sessionExpiry: 0xffffffff,
      receiveMaximum: 5,
      maximumPacketSize: 256,
      topicAliasMaximum: 10,
      requestProblemInformation: false,
      requestResponseInformation: true,
      authenticationMethod: "m",
    },
  ],
  [
    "the values a property may just have",
    connect(5, "02", properties("11 00000000 21 ffff 27 00000001 22 0000 19 00 17 01"), text("c")),
    { version: 5, sessionExpiry: 0, receiveMaximum: 65535, maximumPacketSize: 1 },
  ],
]

for (const [name, bytes, expected] of accepted) {
  test(`CONNECT is read: ${name}`, () => {
    const { sink, decoder } = fresh()
    decoder.push(bytes)
    assert.deepEqual(sink.calls, [["connect", { ...plain, ...expected }]])
    assert.equal(decoder.version, expected.version)
  })
}

test("3.1 and 3.1.1 may pad the remaining length (2.2.3)", () => {
  const { sink, decoder } = fresh()
  decoder.push(hex("10 8d8000 0004 4d515454 04 02 003c 0001 63"))
  decoder.push(hex("c0 8000"))
  assert.deepEqual(sink.calls.at(-1), ["ping"])
})

test("password and will are copies, which the chunk's next use does not touch", () => {
  const { sink, decoder } = fresh()
  const chunk = connect(4, "c6", text("c"), text("w"), text("gone"), text("u"), text("secret"))
  decoder.push(chunk)
  chunk.fill(0)
  const [, { password, will }] = sink.calls[0] as [string, { password: Buffer; will: { payload: Buffer } }]
  assert.equal(`${password} ${will.payload}`, "secret gone")
})
