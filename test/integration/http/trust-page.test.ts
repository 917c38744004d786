import assert from "node:assert/strict"
import { X509Certificate } from "node:crypto"
import { once } from "node:events"
import { connect as connectPlain } from "node:net"
import { after, before, describe, it } from "node:test"
import { connect } from "node:tls"
import { greeting } from "../../../service/console.ts"
import { startTestGateway, type TestGateway } from "../../support/gateway.ts"

describe("the port without TLS", () => {
  let box: TestGateway
  const at = (path: string, init: RequestInit = {}) => fetch(`http://127.0.0.1:${box.port("http")}${path}`, init)
  before(async () => {
    box = await startTestGateway({ claimed: false })
  })
  after(() => box[Symbol.asyncDispose]())

  it("shows a page without script, form, cookie or anything of another host, in English and German", async () => {
    for (const [language, sentence] of [
      ["en", "Compare these words"],
      ["de", "Diese Wörter vergleichen"],
    ] as const) {
      const answer = await at("/", { headers: { "accept-language": `${language}-XX,fr;q=0.5` } })
      const page = await answer.text()
      assert.equal(answer.status, 200)
      assert.equal(answer.headers.get("content-type"), "text/html; charset=utf-8")
      assert.equal(answer.headers.get("content-language"), language)
      assert.equal(answer.headers.get("set-cookie"), null)
      assert.match(answer.headers.get("content-security-policy") ?? "", /^default-src 'none'; style-src 'sha256-/)
      assert.match(page, new RegExp(`^<!doctype html>\n<html lang="${language}">`))
      assert.ok(page.includes(sentence))
      assert.doesNotMatch(page, /<script|<form|<img|<link|<iframe|javascript:| on[a-z]+=/i)
      const links = [...page.matchAll(/(?:href|src)="([^"]*)"/g)].map(([, link = ""]) => link)
      assert.ok(links.includes(`https://127.0.0.1:${box.port("https")}`), links.join(" "))
      for (const link of links) assert.match(link, /^(\/[?a-z]|https:\/\/127\.0\.0\.1:)/)
    }
  })

  it("takes the language from the address too, and no other", async () => {
    assert.equal(
      (await at("/?lang=de", { headers: { "accept-language": "en" } })).headers.get("content-language"),
      "de",
    )
    assert.equal((await at("/", { headers: { "accept-language": "fr" } })).headers.get("content-language"), "en")
    for (const query of ["lang=fr", "lang=de&lang=en", "lang[]=de", "a=b", "__proto__=de"]) {
      assert.equal((await at(`/?${query}`)).status, 400, query)
    }
  })

  it("gives the certificate in every form, and with it a client verifies the page", async () => {
    const types = {
      crt: "application/x-x509-ca-cert",
      pem: "application/pem-certificate-chain",
      mobileconfig: "application/x-apple-aspen-config",
    }
    const files: Record<string, Buffer> = {}
    for (const [ending, type] of Object.entries(types)) {
      const answer = await at(`/gatehouse-page.${ending}`)
      assert.deepEqual([answer.status, answer.headers.get("content-type")], [200, type])
      files[ending] = Buffer.from(await answer.arrayBuffer())
    }
    const der = new X509Certificate(files.crt!)
    const pem = new X509Certificate(files.pem!)
    assert.equal(der.fingerprint256, pem.fingerprint256)
    const [, data = ""] = /<data>([^<]+)<\/data>/.exec(String(files.mobileconfig)) ?? []
    assert.deepEqual(Buffer.from(data, "base64"), files.crt)
    assert.ok(der.ca)
    const socket = connect({ host: "127.0.0.1", port: box.port("https"), ca: der.toString() })
    await once(socket, "secureConnect")
    assert.equal(socket.authorized, true)
    socket.destroy()
  })

  it("shows the same words as the console and the API", async () => {
    const { words, fingerprint, certificate } = await box.api.get("/page-authority")
    assert.equal(words.length, 8)
    assert.equal(new X509Certificate(certificate).fingerprint256.replaceAll(":", "").toLowerCase(), fingerprint)
    const page = await (await at("/")).text()
    const shown = [...page.matchAll(/<li>([a-z]+)<\/li>/g)].map(([, word]) => word)
    assert.deepEqual(shown, words)
    assert.ok(page.includes(new X509Certificate(certificate).fingerprint256))
    assert.ok(greeting(box.gateway, true).includes(words.join(" ")))
    const profile = await (await at("/gatehouse-page.mobileconfig")).text()
    assert.ok(profile.includes(words.join(" ")))
  })

  it("has nothing else: no API, no sign-in, no method but GET and HEAD", async () => {
    for (const path of ["/api/v1/status", "/api/v1/page-authority", "/healthz", "/index.html", "//"]) {
      assert.equal((await at(path)).status, 404, path)
    }
    for (const method of ["POST", "PUT", "PATCH", "DELETE", "OPTIONS"]) {
      assert.equal((await at("/", { method })).status, 405, method)
    }
    const head = await at("/", { method: "HEAD" })
    assert.deepEqual([head.status, await head.text()], [200, ""])
    assert.equal((await at("/api/v1/claim", { method: "POST", body: "{}" })).status, 404)
  })

  it("answers to its own names only", async () => {
    const status = async (head: string) => (await raw(`${head}\r\nConnection: close\r\n\r\n`)).slice(9, 12)
    assert.equal(await status("GET / HTTP/1.1\r\nHost: 127.0.0.1"), "200")
    assert.equal(await status("GET / HTTP/1.1\r\nHost: evil.example"), "421")
    assert.equal(await status("GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nHost: evil.example"), "421")
    assert.equal(await status("GET http://evil.example/ HTTP/1.1\r\nHost: 127.0.0.1"), "400")
    assert.equal(await status("GET / HTTP/1.1"), "400")
    assert.equal(await status("GET / HTTP/1.0"), "421")
    assert.equal(await status("CONNECT evil.example:443 HTTP/1.1\r\nHost: 127.0.0.1"), "")
    assert.equal(await status("GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade"), "200")
    assert.equal(await status(`GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX: ${"a".repeat(17_000)}`), "431")
  })

  it("is not opened where the page is switched off, or it is switched off itself", async () => {
    for (const off of ["https", "http"]) {
      const free = { host: "127.0.0.1", port: 0 }
      const listeners = { mqtt: free, mqtts: free, ws: free, wss: free, https: free, http: free }
      const config = { listeners: { ...listeners, [off]: { enabled: false } } }
      await using other = await startTestGateway({ claimed: false, config })
      assert.equal(other.port("http"), 0)
    }
  })

  /** Everything that comes back for these bytes. */
  async function raw(bytes: string): Promise<string> {
    const socket = connectPlain(box.port("http"), "127.0.0.1")
    socket.end(bytes)
    let all = ""
    socket.on("data", (chunk) => {
      all += chunk
    })
    await once(socket, "close")
    return all
  }
})
