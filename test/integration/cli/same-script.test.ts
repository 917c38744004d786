import assert from "node:assert/strict"
import { writeFile } from "node:fs/promises"
import { join } from "node:path"
import { describe, it } from "node:test"
import { makeRequest, OutsideAuthority } from "../../support/device.ts"
import { startTestGateway, type TestGateway } from "../../support/gateway.ts"
import { CommandLine, ended } from "./command-line.ts"

/** A site's set-up, step by step: what curl sends, and what a person types. */
interface Step {
  readonly curl: readonly [method: string, path: string, body?: string]
  readonly typed: readonly string[]
  readonly input?: string
}

const PRESS = { permissions: [{ context: "mqtt", operation: "readWrite", resource: "press/%u/#" }] }
const SCADA = [{ context: "mqtt", operation: "read", resource: "press/#" }]

function steps(files: { readonly csr: string; readonly plant: string; readonly plantPem: string }): Step[] {
  const json = (method: string, path: string, body: unknown) => [method, path, JSON.stringify(body)] as const
  const press = { username: "press-4", grant: { kind: "certificate" }, roles: ["press"], note: "hall 2" }
  const scada = { username: "scada", grant: { kind: "password", password: "eight or more" }, permissions: SCADA }
  const plant = { kind: "certificate", issuer: "plant" }
  const mixer = { username: "plant7-mixer", grant: plant, roles: ["device"], enabled: false }
  const person = {
    username: "anna",
    grant: { kind: "password", password: "twelve or more, easily" },
    roles: ["viewer"],
  }
  const status = { permissions: [{ context: "http", operation: "read", resource: "/status" }] }
  return [
    {
      curl: json("PUT", "/roles/press", { ...PRESS, certificateLifetimeDays: 90 }),
      typed: ["role", "set", "press", "--allow", "readWrite:press/%u/#", "--lifetime", "90"],
    },
    { curl: json("PUT", "/roles/watch", status), typed: ["role", "set", "watch", "--allow-http", "read:/status"] },
    { curl: ["DELETE", "/roles/watch"], typed: ["role", "remove", "watch"] },
    {
      curl: json("POST", "/users", press),
      typed: ["user", "add", "press-4", "--certificate", "--role=press", "--note", "hall 2"],
    },
    {
      curl: json("POST", "/users", scada),
      typed: ["user", "add", "scada", "--password-stdin", "--allow", "read:press/#"],
      input: "eight or more\n",
    },
    {
      curl: json("POST", "/users", person),
      typed: ["user", "add", "anna", "--password-stdin", "--role", "viewer"],
      input: "twelve or more, easily",
    },
    {
      curl: json("PATCH", "/users/press-4", { publishPrefix: "plant-1", note: null }),
      typed: ["user", "change", "press-4", "--prefix", "plant-1", "--no-note"],
    },
    { curl: json("PATCH", "/users/scada", { enabled: false }), typed: ["user", "disable", "scada"] },
    { curl: ["DELETE", "/users/anna"], typed: ["user", "remove", "anna"] },
    {
      curl: json("POST", "/authorities", { certificate: files.plantPem, id: "plant", scope: "plant7-*" }),
      typed: ["authority", "add", files.plant, "--id", "plant", "--scope", "plant7-*"],
    },
    {
      curl: json("POST", "/users", mixer),
      typed: ["user", "add", "plant7-mixer", "--issuer", "plant", "--role", "device", "--disabled"],
    },
    {
      curl: ["POST", "/users/press-4/certificates", `@${files.csr}`],
      typed: ["cert", "sign", "press-4", files.csr],
    },
  ]
}

async function curl(gateway: TestGateway, [method, path, body = ""]: Step["curl"]): Promise<string> {
  const type = body.startsWith("@") ? "application/pkcs10" : "application/json"
  const headers = ["-H", `authorization: Bearer ${gateway.api.token}`, "-H", `content-type: ${type}`]
  const data = body === "" ? [] : ["--data-binary", body]
  const url = `https://localhost:${gateway.port("https")}/api/v1${path}`
  const { status, out, err } = await ended("curl", ["-kfsS", "-X", method, ...headers, ...data, url])
  assert.equal(status, 0, `${method} ${path}: ${err}`)
  return out
}

/** Everything a script leaves behind, but for what is drawn by lot or by the clock, and who was named. */
async function documents({ api }: TestGateway): Promise<unknown> {
  const { certificates } = await api.get("/certificates")
  const drawn = { serial: "", fingerprint: "", issuedAt: "", notAfter: "", renewAfter: "", issuedBy: "" }
  return {
    users: await api.get("/users"),
    roles: await api.get("/roles"),
    authorities: await api.get("/authorities"),
    certificates: certificates.map((one: { kind: string; publicKey: string }) => ({
      ...one,
      ...drawn,
      publicKey: one.kind === "server" ? "" : one.publicKey,
    })),
  }
}

describe("the same administration script", () => {
  it("leaves the same documents behind as curl calls and as commands", async () => {
    await using first = await startTestGateway()
    await using second = await startTestGateway()
    const csr = join(first.folder, "press-4.csr")
    await writeFile(csr, (await makeRequest(first.folder, "press-4")).csr)
    const outside = await OutsideAuthority.create(join(first.folder, "plant"), "Plant CA")
    const script = steps({ csr, plant: outside.path("ca.pem"), plantPem: await outside.pem() })

    const commandLine = new CommandLine(join(second.folder, "state"))
    const byCurl = async () => {
      for (const step of script) await curl(first, step.curl)
    }
    const byCommand = async () => {
      for (const { typed, input } of script) await commandLine.does(typed, input === undefined ? {} : { input })
    }
    await Promise.all([byCurl(), byCommand()])
    assert.deepEqual(await documents(second), await documents(first))

    await takeBack(first, second, commandLine)
    assert.deepEqual(await documents(second), await documents(first))
    const [revoked] = (await second.api.get("/certificates?user=press-4")).certificates
    assert.deepEqual([revoked.state, revoked.issuedBy, revoked.through], ["revoked", "local", "api"])
  })
})

/** The way back: a certificate revoked, an outside authority trusted no longer. */
async function takeBack(first: TestGateway, second: TestGateway, commandLine: CommandLine): Promise<void> {
  const serialOf = async ({ api }: TestGateway): Promise<string> =>
    (await api.get("/certificates?user=press-4")).certificates[0].serial
  const reason = "device stolen"
  await curl(first, ["POST", `/certificates/${await serialOf(first)}/revoke`, JSON.stringify({ reason })])
  await commandLine.does(["cert", "revoke", await serialOf(second), "--reason", reason])
  await curl(first, ["DELETE", "/users/plant7-mixer"])
  await commandLine.does(["user", "remove", "plant7-mixer"])
  await curl(first, ["DELETE", "/authorities/plant"])
  await commandLine.does(["authority", "remove", "plant"])
}
