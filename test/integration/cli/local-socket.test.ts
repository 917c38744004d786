import assert from "node:assert/strict"
import { chmod, lstat, mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises"
import { createServer } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { after, before, describe, it } from "node:test"
import { startTestGateway, type TestGateway } from "../../support/gateway.ts"
import { Place } from "../../support/process.ts"
import { CommandLine, ended, PROGRAM } from "./command-line.ts"

const NOBODY = 65534
const asRoot = { skip: process.geteuid?.() !== 0 && "only root can become another user" }
const ANY_TOKEN = `gh_${"_".repeat(43)}`

/** Can another user run this checkout at all? */
async function isOpenToAll(program: string): Promise<boolean> {
  return (await ended("test", ["-x", program], { uid: NOBODY, cwd: "/" })).status === 0
}

describe("the local socket", () => {
  let gateway: TestGateway
  let socket: string
  const curl = async (path: string, ...args: string[]) => {
    const { out } = await ended("curl", [
      "-s",
      "-w",
      " %{http_code}",
      "--unix-socket",
      socket,
      ...args,
      `http://x${path}`,
    ])
    return out
  }

  before(async () => {
    gateway = await startTestGateway()
    socket = join(gateway.folder, "state", "control.sock")
  })
  after(() => gateway[Symbol.asyncDispose]())

  it("is a socket of mode 0600, and no trace of its making is left beside it", async () => {
    const found = await lstat(socket)
    assert.ok(found.isSocket())
    assert.equal(found.mode & 0o777, 0o600)
    assert.deepEqual(
      (await readdir(join(gateway.folder, "state"))).filter((name) => name.startsWith(".")),
      [],
    )
  })

  it("cannot be opened by another user, even where someone has opened the folders to all", asRoot, async () => {
    const state = join(gateway.folder, "state")
    const connect = (uid?: number) => {
      const who = uid === undefined ? {} : { uid }
      return ended("socat", ["-u", "OPEN:/dev/null", `UNIX-CONNECT:${socket}`], { ...who, cwd: "/" })
    }
    for (const mode of [0o700, 0o755]) {
      for (const folder of [gateway.folder, state]) await chmod(folder, mode)
      const refused = await connect(NOBODY)
      assert.equal(refused.status, 1)
      assert.match(refused.err, /Permission denied/)
      assert.equal((await connect()).status, 0)
      if (await isOpenToAll(PROGRAM)) {
        const [, line] = await new CommandLine(state).refusal(["status"], { uid: NOBODY, cwd: "/" })
        assert.match(line, /only root and the gateway's user/)
      }
    }
    await chmod(state, 0o700)
  })

  it("asks for no token, and takes any name, any origin and any token for the same administrator", async () => {
    assert.match(await curl("/api/v1/users"), /"root-admin".* 200$/)
    const strange = [
      "-H",
      "host: evil.example",
      "-H",
      "origin: https://evil.example",
      "-H",
      "sec-fetch-site: cross-site",
    ]
    const role = ["-H", "content-type: application/json", "-d", '{"permissions":[]}', "-X", "PUT"]
    assert.match(await curl("/api/v1/roles/strange", ...strange, ...role, "-H", "authorization: Bearer x"), / 201$/)
  })

  it("checks a request as strictly as the network's side", async () => {
    const json = ["-H", "content-type: application/json", "-d"]
    assert.match(await curl("/api/v1/users", ...json, '{"username":"a/b","grant":{"kind":"certificate"}}'), / 400$/)
    assert.match(await curl("/api/v1/users", ...json, '{"__proto__":{}}'), / 400$/)
    assert.match(await curl("/api/v1/users", "-d", "{}"), / 415$/)
    assert.match(await curl("/api/v1/roles/admin", ...json, '{"permissions":[]}', "-X", "PUT"), / 409$/)
  })

  it("names the administrator local in the log", async () => {
    await curl("/api/v1/roles/logged", "-X", "DELETE")
    assert.match(
      gateway.logged(),
      /^local: request actor=local method=DELETE route=\/api\/v1\/roles\/:role status=404/m,
    )
  })

  it("gives out no tokens: they would be valid nowhere", async () => {
    for (const args of [["-X", "POST"], []]) assert.match(await curl("/api/v1/tokens", ...args), / 404$/)
  })

  it("lends nothing to the network's side, whatever a request says of itself", async () => {
    const port = String(gateway.port("https"))
    const over = (path: string, ...headers: string[]) => {
      const given = headers.flatMap((header) => ["-H", header])
      return ended("curl", ["-sk", "-w", " %{http_code}", ...given, `https://localhost:${port}${path}`])
    }
    const claims = ["X-Local: 1", "X-Forwarded-For: unix:", "X-Real-IP: local", "Forwarded: for=unix", "Via: unix"]
    for (const token of [[], [`Authorization: Bearer ${ANY_TOKEN}`], ["Authorization: Bearer local"]]) {
      assert.match((await over("/api/v1/users", ...claims, ...token)).out, / 401$/)
    }
    for (const path of ["/api/v1/local/claim-code", "/local/claim-code"]) {
      const token = `Authorization: Bearer ${gateway.api.token}`
      assert.match((await over(path, token, ...claims)).out, / 404$/)
    }
  })
})

describe("the local socket of one gateway after another", () => {
  it("takes the place of the one a crash left behind, and is gone after a stop", async () => {
    await using place = await Place.make()
    const commandLine = new CommandLine(place.state)
    const crashed = place.spawn()
    await crashed.ready()
    await crashed.stop("SIGKILL")
    assert.ok((await lstat(join(place.state, "control.sock"))).isSocket())
    assert.match((await commandLine.refusal(["status"]))[1], /^the gateway is not running/)

    await using next = place.spawn()
    await next.ready()
    assert.equal((await commandLine.json(["status"])).claimed, false)
    await next.stop()
    await assert.rejects(lstat(join(place.state, "control.sock")), { code: "ENOENT" })
  })

  it("does not remove what is no socket", async () => {
    await using place = await Place.make()
    await mkdir(place.state, { mode: 0o700 })
    await writeFile(join(place.state, "control.sock"), "a person's file")
    await using refused = place.spawn()
    assert.equal((await refused.ended).code, 1)
    assert.match(refused.printed, /code=listen-failed.*control\.sock cannot be opened.*it is no socket/)
    assert.equal((await lstat(join(place.state, "control.sock"))).size, "a person's file".length)
  })
})

describe("the command line in a folder of somebody else", () => {
  it("does not talk to a socket that another user has laid out there", asRoot, async () => {
    const folder = await mkdtemp(join(tmpdir(), "gatehouse-trap-"))
    await mkdir(join(folder, "state"), { mode: 0o777 })
    await chmod(join(folder, "state"), 0o777)
    const trap = createServer(() => assert.fail("it was talked to"))
    await new Promise<void>((resolve) => trap.listen(join(folder, "state", "control.sock"), resolve))
    const { status, err } = await ended(PROGRAM, ["claim"], {
      cwd: folder,
    })
    assert.equal(status, 1)
    assert.doesNotMatch(err, new RegExp(folder))
    trap.close()
    await rm(folder, { recursive: true })
  })
})
