import assert from "node:assert/strict"
import { after, before, test } from "node:test"
import { connect } from "node:tls"
import { type Bench, openBench, tls } from "./bench.ts"

let bench: Bench
let admin: string
before(async () => {
  bench = await openBench()
  admin = await bench.signIn("anna")
})
after(() => bench[Symbol.asyncDispose]())

/** Sends bytes as they stand; answers what comes back. */
function raw(text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: "127.0.0.1", port: bench.port, ca: tls.certPem }, () => socket.write(text))
    let answer = ""
    socket.on("data", (chunk) => {
      answer += chunk
    })
    socket.on("error", reject)
    socket.on("close", () => resolve(answer))
  })
}

for (const host of [
  "localhost",
  "localhost:8443",
  "LOCALHOST",
  "127.0.0.1",
  "127.8.9.1:1",
  "[::1]",
  "[::1]:8443",
  "[0:0:0:0:0:0:0:1]",
  "gatehouse-1234abcd.local",
  "Gatehouse-1234ABCD.local.:443",
  "192.168.7.1",
  "[fe80::1]:443",
  "[FE80:0::1]",
]) {
  test(`the host ${host} is our own`, async () => {
    const { status } = await bench.ask("GET", "/healthz", { headers: { Host: host } })
    assert.equal(status, 200)
  })
}

for (const host of [
  "evil.example",
  "localhost.evil.example",
  "evil.example:443",
  "192.168.7.2",
  "[::2]",
  "[::ffff:127.0.0.1]",
  "[127.0.0.1]",
  "127.1",
  "0x7f.1",
  "2130706433",
  "127.0.0.1.evil.example",
  "localhost@evil.example",
  "evil.example#localhost",
  "localhost/evil",
  "localhost:",
  "localhost:999999",
  "localhost, evil.example",
  ".",
]) {
  test(`the host "${host}" is none of ours`, async () => {
    for (const path of ["/healthz", "/api/v1/status", "/nowhere"]) {
      const reply = await bench.ask("GET", path, { headers: { Host: host }, token: admin })
      assert.equal(reply.status, 421)
      assert.equal(reply.at("code"), "misdirected")
    }
  })
}

test("two hosts, an empty one, none, and one in the target are refused", async () => {
  const two = await raw("GET /healthz HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\nConnection: close\r\n\r\n")
  assert.match(two, /^HTTP\/1\.1 4(00|21) /)
  const empty = await raw("GET /healthz HTTP/1.1\r\nHost:\r\nConnection: close\r\n\r\n")
  assert.match(empty, /^HTTP\/1\.1 421 /)
  assert.match(await raw("GET /healthz HTTP/1.0\r\n\r\n"), /^HTTP\/1\.1 421 /)
  const absolute = "GET https://evil.example/healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
  assert.match(await raw(absolute), /^HTTP\/1\.1 400 /)
})

test("a target with this gateway's own host is taken, whatever its path and query [RFC 9112 3.2.2]", async () => {
  const absolute = (target: string) => `GET ${target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`
  assert.match(await raw(absolute("https://localhost/healthz")), /^HTTP\/1\.1 200 /)
  assert.match(await raw(absolute("HTTPS://LOCALHOST/healthz")), /^HTTP\/1\.1 200 /)
  assert.match(await raw(absolute("https://localhost/api/v1/users?limit=1")), /^HTTP\/1\.1 401 /)
  for (const target of [
    "http://localhost/healthz",
    "https://localhost:1/healthz",
    "https://a@localhost/healthz",
    "*",
  ]) {
    assert.match(await raw(absolute(target)), /^HTTP\/1\.1 400 /)
  }
})

test("a changed list of hosts counts at the next request", async () => {
  let names = ["old.local"]
  await using other = await openBench(true, { hosts: () => names })
  const asked = async (Host: string) => (await other.ask("GET", "/healthz", { headers: { Host } })).status
  assert.deepEqual([await asked("old.local"), await asked("new.local")], [200, 421])
  names = ["new.local"]
  assert.deepEqual([await asked("old.local"), await asked("new.local")], [421, 200])
})

const foreign: Record<string, string>[] = [
  { "Sec-Fetch-Site": "cross-site" },
  { "Sec-Fetch-Site": "same-site" },
  { "Sec-Fetch-Site": "surprise" },
  { Origin: "https://evil.example" },
  { Origin: "null" },
  { Origin: "" },
  { Origin: "http://localhost:8443" },
  { Origin: "https://localhost:8444" },
  { Origin: "https://localhost" },
  { Origin: "https://localhost:8443.evil.example" },
  { Origin: "https://evil.example", "Sec-Fetch-Site": "same-origin" },
]
for (const headers of foreign) {
  test(`a change with ${JSON.stringify(headers)} is refused, a read is not`, async () => {
    const all = { Host: "localhost:8443", ...headers }
    for (const [method, path] of [
      ["DELETE", "/api/v1/users/pump"],
      ["POST", "/api/v1/tokens"],
      ["OPTIONS", "/api/v1/users"],
    ] as const) {
      const reply = await bench.ask(method, path, { token: admin, headers: all })
      assert.deepEqual([reply.status, reply.at("code")], [403, "cross-site"])
    }
    assert.ok(bench.directory.users.has("pump"))
    assert.equal((await bench.ask("GET", "/api/v1/status", { token: admin, headers: all })).status, 200)
  })
}

test("our own page and a script may change things", async () => {
  const json = { username: "pump", operation: "write", topic: "devices/pump/t" }
  for (const headers of [
    { Host: "localhost:8443", Origin: "https://localhost:8443", "Sec-Fetch-Site": "same-origin" },
    { Host: "localhost", Origin: "https://LOCALHOST:443" },
    { Host: "localhost:8443", "Sec-Fetch-Site": "none" },
    {},
  ]) {
    assert.equal((await bench.ask("POST", "/api/v1/explain", { token: admin, json, headers })).status, 200)
  }
})

test("every answer carries the security headers, and no name of a product", async () => {
  for (const path of ["/healthz", "/api/v1/status", "/nowhere", "/%", "/api/v1/authority"]) {
    const { headers } = await bench.ask("GET", path)
    assert.match(String(headers["content-security-policy"]), /^default-src 'none';.*frame-ancestors 'none'/)
    assert.equal(headers["x-content-type-options"], "nosniff")
    assert.equal(headers["referrer-policy"], "no-referrer")
    assert.equal(headers["cache-control"], "no-store")
    for (const name of ["strict-transport-security", "x-powered-by", "server", "access-control-allow-origin", "etag"]) {
      assert.equal(headers[name], undefined)
    }
  }
})

test("what is not in the table does not exist", async () => {
  for (const path of [
    "/index.html",
    "/assets",
    "/api",
    "/api/v1",
    "/api/v1/",
    "/api/v1/Status",
    "/API/v1/status",
    "/api/v1/status/",
    "/api/v1//status",
    "//api/v1/status",
    "/api/v1/./status",
    "/api/v1/x/../status",
    "/api/v1/%73tatus/x",
    "/api/v1/status%2f",
    "/api/v1/users/",
    "/api/v1/users//certificates",
    "/healthz/",
    "/.git/config",
    "/metrics",
  ]) {
    const reply = await bench.ask("GET", path, { token: admin })
    assert.deepEqual([path, reply.status, reply.at("code")], [path, 404, "unknown-route"])
  }
})

test("a method that a path does not know is refused, with those it knows", async () => {
  const allow = async (method: string, path: string) => {
    const reply = await bench.ask(method, path, { token: admin })
    return [reply.status, reply.headers.allow]
  }
  assert.deepEqual(await allow("PUT", "/api/v1/users"), [405, "GET, HEAD, POST"])
  assert.deepEqual(await allow("TRACE", "/api/v1/users"), [405, "GET, HEAD, POST"])
  assert.deepEqual(await allow("OPTIONS", "/api/v1/users/pump"), [405, "GET, HEAD, PATCH, DELETE"])
  assert.deepEqual(await allow("GET", "/api/v1/claim"), [405, "POST"])
  assert.deepEqual(await allow("HEAD", "/api/v1/explain"), [405, "POST"])
  assert.deepEqual(await allow("PROPFIND", "/healthz"), [405, "GET, HEAD"])
})

test("no header or query turns one method into another", async () => {
  const viewer = await bench.signIn("vera")
  const headers = { "X-HTTP-Method-Override": "DELETE", "X-HTTP-Method": "DELETE", "X-Method-Override": "DELETE" }
  assert.equal((await bench.ask("GET", "/api/v1/users/pump", { token: viewer, headers })).status, 200)
  assert.equal((await bench.ask("GET", "/api/v1/users/pump?_method=DELETE", { token: admin })).status, 400)
  assert.ok(bench.directory.users.has("pump"))
})

test("HEAD is GET without the body, rights included", async () => {
  const head = await bench.ask("HEAD", "/api/v1/status", { token: admin })
  const get = await bench.ask("GET", "/api/v1/status", { token: admin })
  assert.deepEqual([head.status, head.text, head.headers["content-length"]], [200, "", get.headers["content-length"]])
  assert.equal((await bench.ask("HEAD", "/api/v1/status")).status, 401)
})

test("a query is refused where none is known, where a name is unknown, and where one stands twice", async () => {
  for (const path of [
    "/healthz?x=1",
    "/api/v1/status?verbose=1",
    "/api/v1/users?offset=3",
    "/api/v1/users?limit=1&limit=2",
    "/api/v1/users?limit[]=1",
    "/api/v1/users?limit=0",
    "/api/v1/users?limit=201",
    "/api/v1/users?limit=1e2",
    "/api/v1/users?limit=",
    "/api/v1/users?limit=%201",
    "/api/v1/users?cursor=",
    "/api/v1/users?cursor=*",
    "/api/v1/users?cursor=a&cursor=b",
    "/api/v1/users?__proto__=1",
    "/api/v1/users?constructor=1",
    "/api/v1/certificates?user=a/b",
    "/api/v1/certificates?user=pump&user=boss",
  ]) {
    const reply = await bench.ask("GET", path, { token: admin })
    assert.deepEqual([path, reply.status, reply.at("code")], [path, 400, "bad-request"])
  }
})

test("a path that cannot be decoded is a bad request that repeats nothing", async () => {
  const reply = await bench.ask("GET", "/api/v1/users/%E0%A4secret", { token: admin })
  assert.equal(reply.status, 400)
  assert.doesNotMatch(reply.text, /secret/)
})

test("a bug says only that it happened; the log says why", async () => {
  const broken = () => {
    throw new Error("the secret cause")
  }
  await using other = await openBench(true, { alive: broken })
  const reply = await other.ask("GET", "/healthz")
  assert.equal(reply.status, 500)
  assert.deepEqual(Object.keys(reply.json as object).sort(), ["code", "status", "title", "type"])
  assert.match(other.lines.join(""), /request failed .*reason="the secret cause"/)
})

test("headers that are too large end the connection", async () => {
  const headers = { "X-Large": "x".repeat(20_000) }
  assert.equal((await bench.ask("GET", "/healthz", { headers })).status, 431)
})
