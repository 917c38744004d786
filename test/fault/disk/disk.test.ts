import assert from "node:assert/strict"
import { execFileSync } from "node:child_process"
import { mkdirSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { describe, it } from "node:test"
import { Box, texts } from "../../integration/durable/box.ts"
import type { PacketClient } from "../../support/packet-client.ts"
import { alarm, Errno, faultyBox, SYNC_ONLY } from "./faulty-box.ts"

const QUOTA_EXCEEDED = 0x97

interface Faulty {
  readonly box: Box
  readonly begin: () => void
  readonly end: () => void
}

/** The ways in which a disk lets its user down while the gateway runs. */
const FAULTS: Readonly<Record<string, (parts: AsyncDisposableStack) => Promise<Faulty>>> = {
  "a full file system": fullFileSystem,
  "a write that fails (EIO)": (parts) => injected(parts, Errno.EIO),
  "a sync that fails (EIO)": (parts) => injected(parts, Errno.EIO + SYNC_ONLY),
  "no space left (ENOSPC)": (parts) => injected(parts, Errno.ENOSPC),
  "a file system that became read-only (EROFS)": (parts) => injected(parts, Errno.EROFS),
}

describe("a disk that fails", () => {
  for (const [name, prepare] of Object.entries(FAULTS)) {
    it(`${name}: what cannot be kept is refused and named, what needs no disk goes on, and so does everything afterwards`, async () => {
      await using parts = new AsyncDisposableStack()
      const { box, begin, end } = await prepare(parts)
      await offlineSession(box)
      const online = await box.client({ id: "online" })
      await online.subscribe({ topic: "live", qos: 1 })
      const publisher = await box.client({ id: "p" })
      assert.equal(await publisher.publish("a", "before"), 0)

      begin()
      const reasons: number[] = []
      for (let i = 0; i < 6; i++) reasons.push(await publisher.publish("a", bulk(`refused ${i}`), { qos: 1 + (i % 2) }))
      assert.ok(
        reasons.slice(-2).every((reason) => reason === QUOTA_EXCEEDED),
        `answers: ${reasons}`,
      )
      await alarm(box, "session-store-failed", true)
      const old = await box.client({ id: "old", version: 4, clean: true })
      old.send({ cmd: "publish", topic: "a", payload: bulk("refused old"), qos: 1, messageId: 1 })
      assert.deepEqual(await old.closed(), [], "before MQTT 5 only a close says that a message was not kept")
      const late = await box.client({ id: "late" })
      assert.deepEqual(await late.subscribe({ topic: "a", qos: 1 }), [QUOTA_EXCEEDED])
      await goesOn(publisher, online)

      end()
      let accepted = 0
      while ((await publisher.publish("a", "after")) !== 0) assert.ok(accepted++ < 20, "it takes messages again")
      await alarm(box, "session-store-failed", false)

      await box.crash()
      const back = await box.client({ id: "offline" })
      assert.equal(back.connack?.sessionPresent, true)
      const kept = texts(await back.take(reasons.filter((reason) => reason === 0).length + 2))
      assert.equal(kept[0], "before")
      assert.equal(kept.at(-1), "after")
      await back.quiet()
    })
  }
})

async function offlineSession(box: Box): Promise<void> {
  const client = await box.client({ id: "offline" })
  await client.subscribe({ topic: "a", qos: 2 })
  await client.vanish()
}

/** Large enough that a full disk cannot take it by chance. */
function bulk(text: string): string {
  return text.padEnd(100_000)
}

/** A message that its receiver acknowledges at once owes the disk nothing. */
async function goesOn(publisher: PacketClient, online: PacketClient): Promise<void> {
  publisher.send({ cmd: "publish", topic: "live", payload: "on", qos: 1, messageId: 999 })
  const { messageId, payload } = await online.next("publish")
  online.send({ cmd: "puback", messageId })
  assert.equal(payload.toString(), "on")
  assert.equal((await publisher.next("puback")).reasonCode ?? 0, 0)
}

async function injected(parts: AsyncDisposableStack, errno: number): Promise<Faulty> {
  const { box, fail } = await faultyBox()
  parts.use(box)
  return { box, begin: () => fail(errno), end: () => fail(0) }
}

/** The state directory on a file system of 16 MiB, which is filled to the last byte. */
async function fullFileSystem(parts: AsyncDisposableStack): Promise<Faulty> {
  let state = ""
  const box = await Box.open({}, (place) => {
    state = place.state
    mkdirSync(state, { mode: 0o700 })
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=16m,mode=0700", "gatehouse-fault", state])
    return {}
  })
  parts.use(box)
  parts.defer(() => void execFileSync("umount", ["--lazy", state]))
  const ballast = join(state, "ballast")
  const begin = () => {
    for (let size = 16 << 20; size >= 1024; size /= 2) {
      try {
        for (;;) writeFileSync(ballast, Buffer.alloc(size), { flag: "a" })
      } catch {
        // not so much, then
      }
    }
  }
  return { box, begin, end: () => rmSync(ballast) }
}
