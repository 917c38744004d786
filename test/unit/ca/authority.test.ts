import assert from "node:assert/strict"
import { createHash, createPrivateKey, X509Certificate } from "node:crypto"
import { describe, test } from "node:test"
import { Authority } from "../../../service/ca/authority.ts"
import { createAuthority } from "../../../service/ca/authority-material.ts"
import { sequence } from "../../../service/ca/der.ts"
import { type IssueEntry, IssueLog } from "../../../service/ca/issue-log.ts"
import { pemBlocks } from "../../../service/ca/pem.ts"
import { newRecoveryKey, sealRootKey, unsealRootKey } from "../../../service/ca/recovery-key.ts"
import { DAY, NEVER } from "../../../service/ca/validity.ts"
import { issuedLine, MemoryJournal, NOW, TestClock, world } from "./memory.ts"
import { ed25519, named, p256, request } from "./requests.ts"

const by = { by: "admin", through: "api" }

describe("issuing", () => {
  test("hands out leaf, chain and root that belong together, recorded first", async () => {
    const { authority, material, log, journal } = world()
    const issued = await authority.issue({ commonName: "pump-1", csr: named("pump-1"), ...by })
    const leaf = new X509Certificate(issued.certificatePem)
    assert.equal(leaf.serialNumber.toLowerCase(), issued.serial)
    assert.equal(leaf.fingerprint256.replaceAll(":", "").toLowerCase(), issued.fingerprint)
    assert.equal(leaf.validToDate.getTime(), issued.notAfter)
    assert.ok(leaf.verify(new X509Certificate(material.issuingCertPem).publicKey))
    assert.equal(issued.chainPem, issued.certificatePem + material.issuingCertPem)
    assert.equal(issued.rootPem, material.rootCertPem)
    assert.equal(journal.lines.length, 1)
    const { state, change, ...record } = log.find(issued.serial)!
    assert.deepEqual([state, change], ["pending", undefined])
    assert.deepEqual(record, {
      serial: issued.serial,
      sha256: issued.fingerprint,
      spkiHash: issued.spkiHash,
      commonName: "pump-1",
      keyOrigin: "device",
      kind: "device",
      notAfter: issued.notAfter,
      at: NOW,
      authority: record.authority,
      der: pemBlocks(issued.certificatePem)[0]!.der!.toString("base64"),
      ...by,
    })
    assert.equal(authority.chainOf(log.find(issued.serial)!), issued.chainPem)
  })

  test("hands out nothing when the log cannot be written", async () => {
    const { authority, log, journal } = world()
    journal.broken = true
    await assert.rejects(authority.issue({ commonName: "a", csr: named("a"), ...by }), { code: "disk-failed" })
    await assert.rejects(authority.issueServer({ names: ["a"], addresses: [] }), { code: "disk-failed" })
    assert.deepEqual(log.entries(), [])
    assert.deepEqual(journal.lines, [])
  })

  test("takes the name from the gateway when the request has none", async () => {
    const { authority } = world()
    const csr = request({ subject: sequence() })
    const issued = await authority.issue({ commonName: "pump-1", csr, ...by })
    assert.match(new X509Certificate(issued.certificatePem).subject, /^CN=pump-1$/)
  })

  test("refuses a request for another name, naming both", async () => {
    const { authority } = world()
    const asked = authority.issue({ commonName: "pump-1", csr: named("pump-2"), ...by })
    await assert.rejects(asked, { code: "csr-refused", message: /pump-2.*pump-1/ })
  })

  test("refuses a broken rule with the rule's own sentence", async () => {
    const { authority } = world()
    const asked = authority.issue({ commonName: "pump-1", csr: "hello", ...by })
    await assert.rejects(asked, { code: "csr-refused", message: /no request.*BEGIN CERTIFICATE REQUEST/ })
  })

  test("refuses a key that serves another name, revoked or not, and accepts it again for the same name", async () => {
    const { authority } = world()
    const key = ed25519()
    const { serial } = await authority.issue({ commonName: "a", csr: named("a", key), ...by })
    const other = () => authority.issue({ commonName: "b", csr: named("b", key), ...by })
    await assert.rejects(other(), { code: "csr-refused", message: /certified for a / })
    await authority.revoke(serial, "lost", "admin")
    await assert.rejects(other(), { code: "csr-refused" })
    await authority.issue({ commonName: "a", csr: named("a", key), ...by })
  })

  test("of two names at once for one key, one is refused", async () => {
    const { authority } = world()
    const key = p256()
    const both = ["a", "b"].map((name) => authority.issue({ commonName: name, csr: named(name, key), ...by }))
    const outcomes = await Promise.allSettled(both)
    assert.deepEqual(
      outcomes.map((o) => o.status),
      ["fulfilled", "rejected"],
    )
  })

  test("refuses a key that was revoked as compromised, also for its own name", async () => {
    const { authority } = world()
    const key = p256()
    const { serial } = await authority.issue({ commonName: "a", csr: named("a", key), ...by })
    await authority.revoke(serial, "key-compromise", "admin")
    const again = authority.issue({ commonName: "a", csr: named("a", key), ...by })
    await assert.rejects(again, { code: "csr-refused", message: /compromised/ })
  })

  test("refuses the authority's own keys", async () => {
    const { authority, material } = world()
    for (const pem of [material.rootKeyPem, material.issuingKeyPem]) {
      const asked = authority.issue({ commonName: "a", csr: named("a", createPrivateKey(pem)), ...by })
      await assert.rejects(asked, { code: "csr-refused", message: /own authority/ })
    }
  })

  test("refuses a name that is no username", async () => {
    const { authority } = world()
    for (const commonName of ["", "a/b", "#", "$SYS", "a\n", "a".repeat(65), "__proto__"]) {
      await assert.rejects(authority.issue({ commonName, csr: named("a"), ...by }), { code: "bad-request" }, commonName)
    }
  })

  test("keeps to the lifetime asked for, in whole days or without end", async () => {
    const { authority } = world()
    for (const [lifetimeDays, end] of [
      [1, NOW + DAY],
      [undefined, NOW + 398 * DAY],
      [36_500, NOW + 36_500 * DAY],
      ["never", NEVER],
    ] as const) {
      const { notAfter } = await authority.issue({ commonName: "a", csr: named("a"), lifetimeDays, ...by })
      assert.equal(notAfter, end)
    }
    for (const lifetimeDays of [0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 36_501]) {
      await assert.rejects(authority.issue({ commonName: "a", csr: named("a"), lifetimeDays, ...by }), {
        code: "bad-request",
      })
    }
  })
})

describe("a clock that is wrong", () => {
  test("far behind, still gives certificates that begin before they end", async () => {
    const { authority, clock } = world()
    await authority.issue({ commonName: "a", csr: named("a"), ...by })
    for (const date of [0, Date.UTC(2019, 5, 1), NOW - 400 * DAY]) {
      clock.date = date
      const { certificatePem, notAfter } = await authority.issue({ commonName: "a", csr: named("a"), ...by })
      assert.equal(new X509Certificate(certificatePem).validFromDate.getTime(), Date.UTC(2020, 0, 1))
      assert.equal(notAfter, Math.max(date, Date.UTC(2020, 0, 1)) + 398 * DAY)
    }
  })

  test("is noticed when it is more than a day behind the newest certificate", async () => {
    const { authority } = world()
    assert.equal(authority.clockBehind(0), false, "nothing to compare with")
    await authority.issue({ commonName: "a", csr: named("a"), ...by })
    assert.equal(authority.clockBehind(NOW - DAY), false)
    assert.equal(authority.clockBehind(NOW - DAY - 1), true)
  })
})

test("listeners hear of a revocation with who and why", async () => {
  const { authority } = world()
  const heard: IssueEntry[] = []
  authority.onRevoked((entry) => heard.push(entry))
  const { serial } = await authority.issue({ commonName: "a", csr: named("a"), ...by })
  await authority.revoke(serial, "lost", "admin")
  assert.deepEqual(
    heard.map(({ serial, state, change }) => ({ serial, state, change })),
    [{ serial, state: "revoked", change: { reason: "lost", by: "admin", at: NOW } }],
  )
  await assert.rejects(authority.revoke("00", "lost", "admin"), { code: "not-found" })
})

test("parts that do not belong together stop the start", () => {
  const [one, two] = [createAuthority("One"), createAuthority("Two")]
  const more = { site: "One", log: new IssueLog(new MemoryJournal()), clock: new TestClock() }
  assert.ok(new Authority({ ...one, ...more }))
  const wrong = [
    { rootCertPem: two.rootCertPem },
    { issuingCertPem: two.issuingCertPem },
    { issuingKeyPem: two.issuingKeyPem },
    { issuingKeyPem: one.rootKeyPem },
    { rootCertPem: "" },
    { issuingCertPem: "x" },
    { issuingKeyPem: "x" },
  ]
  for (const part of wrong) {
    assert.throws(() => new Authority({ ...one, ...part, ...more }), { code: "state-unusable" }, Object.keys(part)[0])
  }
})

test("a site's name must fit a subject and a URN", () => {
  for (const site of ["Plant 7", "Werk Süd", "x"]) assert.ok(createAuthority(site))
  for (const site of ["", " x", "a/b", "a\n", "a".repeat(41), "a:b", "\ud800"]) {
    assert.throws(() => createAuthority(site), { code: "config-invalid" }, site)
  }
})

describe("the root key", () => {
  const { rootKeyPem } = createAuthority("Plant 7")
  const recoveryKey = newRecoveryKey()
  const sealed = sealRootKey(rootKeyPem, recoveryKey)

  test("is sealed with a key that a person can type", () => {
    assert.match(recoveryKey, /^([0-9A-HJKMNP-TV-Z]{4}-){6}[0-9A-HJKMNP-TV-Z]{4}$/)
    assert.notEqual(newRecoveryKey(), recoveryKey)
    assert.match(sealed, /^-----BEGIN ENCRYPTED PRIVATE KEY-----\n/)
    assert.ok(!sealed.includes(rootKeyPem.split("\n")[1]!))
  })

  test("opens with it, however it is typed", () => {
    const typed = [
      recoveryKey,
      recoveryKey.toLowerCase(),
      recoveryKey.replaceAll("-", " "),
      recoveryKey.replaceAll("-", ""),
    ]
    typed.push(recoveryKey.replaceAll("0", "o").replaceAll("1", "l"), ` ${recoveryKey}\n`)
    for (const text of typed) assert.equal(unsealRootKey(sealed, text), rootKeyPem)
  })

  test("stays sealed for any other", () => {
    for (const text of ["", newRecoveryKey(), recoveryKey.slice(1)]) {
      assert.throws(() => unsealRootKey(sealed, text), { code: "bad-request" })
    }
    assert.throws(() => unsealRootKey("x", recoveryKey), { code: "bad-request" })
  })
})

test("the log's lines carry the certificate and no key", async () => {
  const { authority, journal } = world()
  await authority.issueServer({ names: ["box"], addresses: ["::1"] })
  await authority.issue({ commonName: "a", csr: named("a"), ...by })
  for (const line of journal.lines) {
    assert.ok(!/BEGIN|KEY/.test(line))
    const { der, ...rest } = JSON.parse(line)
    assert.deepEqual(Object.keys(rest).sort(), Object.keys(issuedLine(1)).sort())
    assert.equal(createHash("sha256").update(Buffer.from(der, "base64")).digest("hex"), rest.sha256)
  }
})

test("revoking takes along what was renewed, as far as the key can have been misused", async () => {
  for (const [state, reason, expected] of [
    ["active", "lost", ["revoked", "revoked"]],
    ["superseded", "tidied up", ["active", "active"]],
    ["superseded", "key-compromise", ["revoked", "revoked"]],
  ] as const) {
    const { authority, log, clock } = world()
    const first = await authority.issue({ commonName: "a", csr: named("a"), ...by })
    const second = await authority.issue({ commonName: "a", csr: named("a"), ...by, renews: first.serial })
    const third = await authority.issue({ commonName: "a", csr: named("a"), ...by, renews: second.serial })
    for (const { serial } of [first, second, third]) log.activate(serial, clock.now())
    if (state === "superseded") await log.supersede(first.serial, "a", clock.now())
    await authority.revoke(first.serial, reason, "admin")
    assert.equal(log.find(first.serial)?.state, "revoked")
    assert.deepEqual(
      [second, third].map(({ serial }) => log.find(serial)?.state),
      expected,
      reason,
    )
  }
})
