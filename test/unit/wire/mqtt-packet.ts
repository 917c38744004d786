import assert from "node:assert/strict"
import { type Parser, parser } from "mqtt-packet"

interface Properties {
  userProperties?: object
}

/** The one packet in `bytes` as mqtt-packet reads it; its properties as a plain object. */
export function read(bytes: Buffer, protocolVersion: number): Record<string, unknown> {
  const found: { properties?: Properties }[] = []
  const reader: Parser = parser({ protocolVersion })
  reader.on("packet", (packet) => found.push(packet as { properties?: Properties }))
  reader.on("error", (error) => assert.fail(error))
  assert.equal(reader.parse(bytes), 0, "nothing is left over")
  assert.equal(found.length, 1)
  const properties = { ...found[0]?.properties }
  if (properties.userProperties !== undefined) properties.userProperties = { ...properties.userProperties }
  return { ...found[0], properties }
}
