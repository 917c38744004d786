import fc from "fast-check"

/** Text of every UTF-8 length, without what names must not hold. */
const unit = fc.constantFrom("a", "B", "0", "/", "/", " ", "$", "~", "ü", "€", "\ufeff", "😀", "\u{10fffd}")

export const anyText = fc.string({ unit, maxLength: 40 })
export const topicName = fc.string({ unit, minLength: 1, maxLength: 90 })
export const anyBytes = fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes))
export const qos = fc.constantFrom(0, 1, 2) as fc.Arbitrary<0 | 1 | 2>
export const packetId = fc.integer({ min: 1, max: 65535 })
export const version = fc.constantFrom(3, 4, 5) as fc.Arbitrary<3 | 4 | 5>

const level = fc.oneof(
  { weight: 3, arbitrary: fc.string({ unit: fc.constantFrom("a", "ü", "$", " "), maxLength: 5 }) },
  fc.constant("+"),
)

export const topicFilter = fc
  .tuple(fc.array(level, { minLength: 1, maxLength: 6 }), fc.boolean())
  .map(([levels, all]) => [...levels, ...(all ? ["#"] : [])].join("/"))
  .filter((filter) => filter.length > 0 && !filter.startsWith("$share/"))

const uint32 = fc.integer({ min: 0, max: 0xffffffff })
const positive32 = fc.integer({ min: 1, max: 0xffffffff })
const uint16 = fc.integer({ min: 0, max: 65535 })
const positive16 = fc.integer({ min: 1, max: 65535 })
// mqtt-packet loses a repeated property whose value is empty.
const userProperties = fc.dictionary(
  anyText.filter((name) => name !== "__proto__"),
  fc.oneof(anyText, fc.array(topicName, { minLength: 2, maxLength: 3 })),
  { minKeys: 1, maxKeys: 4, noNullPrototype: true },
)

/** Properties as mqtt-packet names them, each there or not. */
export const messageProperties = fc.record(
  {
    payloadFormatIndicator: fc.constant(false),
    messageExpiryInterval: uint32,
    contentType: anyText,
    responseTopic: topicName,
    correlationData: anyBytes,
    userProperties,
  },
  { requiredKeys: [] },
)

export const connectProperties = fc.record(
  {
    sessionExpiryInterval: uint32,
    receiveMaximum: positive16,
    maximumPacketSize: positive32,
    topicAliasMaximum: uint16,
    requestProblemInformation: fc.boolean(),
    requestResponseInformation: fc.boolean(),
    userProperties,
    authenticationMethod: anyText,
  },
  { requiredKeys: [] },
)
