import assert from "node:assert/strict"
import { once } from "node:events"
import { readFile } from "node:fs/promises"
import { join } from "node:path"
import { describe, it } from "node:test"
import { connect } from "node:tls"
import { OutsideAuthority } from "../../support/device.ts"
import { startTestGateway, type TestGateway } from "../../support/gateway.ts"
import { CommandLine } from "../cli/command-line.ts"

const SERVER = "basicConstraints=CA:FALSE\nextendedKeyUsage=serverAuth\nsubjectAltName=DNS:localhost,IP:127.0.0.1\n"

/** Whether the listener shows a certificate that this authority vouches for. */
async function vouched(box: TestGateway, listener: "https" | "mqtts", ca: string): Promise<boolean> {
  const options = { host: "127.0.0.1", port: box.port(listener), servername: "localhost", ca }
  const socket = connect({ ...options, rejectUnauthorized: false })
  await once(socket, "secureConnect")
  socket.destroy()
  return socket.authorized
}

async function company(box: TestGateway) {
  const authority = await OutsideAuthority.create(join(box.folder, "company"), "Company CA")
  const signed = async (name: string, more: object = {}) => {
    const made = await authority.sign(name, { extensions: SERVER, ...more })
    return { chain: await readFile(made.chain, "utf8"), key: await readFile(made.key, "utf8") }
  }
  return { ca: await authority.pem(), signed, authority }
}

describe("a server certificate of one's own", () => {
  for (const [server, listener] of [
    ["page", "https"],
    ["broker", "mqtts"],
  ] as const) {
    it(`is shown by the ${server} from the next handshake on, and taken back again`, async () => {
      await using box = await startTestGateway()
      const { ca, signed } = await company(box)
      assert.equal(await vouched(box, listener, ca), false)
      const { chain, key } = await signed("gateway")
      await box.api.put(`/server-certificates/${server}`, { chain, key })
      assert.equal(await vouched(box, listener, ca), true)
      const { servers } = await box.api.get("/server-certificates")
      const shown = servers.find((one: { server: string }) => one.server === server)
      assert.deepEqual([shown.uploaded, shown.names, shown.addresses], [true, ["localhost"], ["127.0.0.1"]])
      const { alarms } = await box.api.get("/status")
      const ending = alarms.find((one: { condition: string }) => one.condition === "server-certificate-failed")
      assert.match(ending?.detail ?? "", /ends on .*; upload its successor/) // it has ten days
      await box.api.delete(`/server-certificates/${server}`)
      assert.equal(await vouched(box, listener, ca), false)
      assert.equal((await box.api.raw("DELETE", `/server-certificates/${server}`)).status, 404)
      const secret = key.split("\n")[1] ?? ""
      assert.ok(secret.length > 20 && !box.logged().includes(secret))
    })
  }

  it("is uploaded and taken back on the command line too", async () => {
    await using box = await startTestGateway()
    const { ca, authority } = await company(box)
    const { chain, key } = await authority.sign("gateway", { extensions: SERVER })
    const commandLine = new CommandLine(join(box.folder, "state"))
    await commandLine.does(["server-cert", "upload", "page", chain, "--key", key])
    assert.match(await commandLine.does(["server-cert", "show"]), /^page +uploaded/m)
    assert.equal(await vouched(box, "https", ca), true)
    const [status, sentence] = await commandLine.refusal(["server-cert", "upload", "page", chain, "--key", chain])
    assert.deepEqual([status, /key cannot be read/.test(sentence)], [1, true])
    await commandLine.does(["server-cert", "remove", "page"])
    assert.equal(await vouched(box, "https", ca), false)
  })

  it("is refused when it would not serve, and nothing changes", async () => {
    await using box = await startTestGateway()
    const { ca, signed, authority } = await company(box)
    const [good, other] = [await signed("gateway"), await signed("other")]
    const before = await box.api.get("/server-certificates")
    const expired = await authority.signDated("old", "20200101000000Z", "20210101000000Z")
    const refusals: [RegExp, object][] = [
      [/key is not the one/, { chain: good.chain, key: other.key }],
      [/key cannot be read/, { chain: good.chain, key: "no key" }],
      [/no certificate in PEM/, { chain: "nothing", key: good.key }],
      [/is a PRIVATE KEY/, { chain: good.key, key: good.key }],
      [/are no chain/, { chain: good.chain + other.chain, key: good.key }],
      [
        /not for servers/,
        await signed("client", { extensions: "extendedKeyUsage=clientAuth\nsubjectAltName=DNS:a\n" }),
      ],
      [/no subject alternative name/, await signed("bare", { extensions: "extendedKeyUsage=serverAuth\n" })],
      [/is an authority's/, { chain: ca, key: await readFile(authority.path("ca.key"), "utf8") }],
      [
        /lacks serverAuth|expired on/,
        { chain: await readFile(expired.chain, "utf8"), key: await readFile(expired.key, "utf8") },
      ],
    ]
    for (const [sentence, body] of refusals) {
      const answer = await box.api.raw("PUT", "/server-certificates/page", body)
      assert.deepEqual([answer.status, answer.body.code], [422, "certificate-refused"], JSON.stringify(answer.body))
      assert.match(answer.body.detail, sentence)
    }
    assert.deepEqual(await box.api.get("/server-certificates"), before)
    assert.equal((await box.api.raw("PUT", "/server-certificates/http", good)).status, 400)
  })
})
