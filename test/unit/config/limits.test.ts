import assert from "node:assert/strict"
import { test } from "node:test"
import { completeLimits, defaultLimits, LIMITS_SCHEMA } from "../../../service/limits.ts"

const MIB = 1024 * 1024
const GIB = 1024 * MIB

test("a board with 512 MB gets limits it can keep", () => {
  const limits = defaultLimits(512 * MIB)
  assert.equal(limits.connections, 3276)
  assert.deepEqual([limits.connectionsPerAddress, limits.connectionsPerUser], [1638, 819])
  assert.deepEqual([limits.sessions, limits.sessionsPerUser], [6552, 819])
  assert.deepEqual([limits.queuedBytesPerSession, limits.queuedBytesTotal], [8 * MIB, 64 * MIB])
  assert.equal(limits.retainedBytes, 32 * MIB)
})

test("a large machine gets the most by default, and no more", () => {
  const limits = defaultLimits(64 * GIB)
  assert.equal(limits.connections, 50_000)
  assert.equal(limits.queuedBytesPerSession, 16 * MIB)
})

test("defaults are within their own ranges, from 64 MB to 1 TB", () => {
  for (let bytes = 64 * MIB; bytes <= 1024 * GIB; bytes *= 2) {
    assert.deepEqual(LIMITS_SCHEMA.parse(defaultLimits(bytes)), defaultLimits(bytes))
  }
})

test("a chosen limit holds, and those that follow from it follow", () => {
  const limits = completeLimits({ connections: 1000, packetBytes: 4096, sessions: 5 }, 512 * MIB)
  assert.deepEqual([limits.connections, limits.connectionsPerAddress, limits.connectionsPerUser], [1000, 500, 250])
  assert.deepEqual([limits.packetBytes, limits.retainedPayloadBytes], [4096, 4096])
  assert.equal(limits.sessions, 5)
  assert.equal(completeLimits({ connections: 100 }, GIB).connectionsPerUser, 100)
})
