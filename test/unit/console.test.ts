import assert from "node:assert/strict"
import { test } from "node:test"
import { type Greetable, greeting } from "../../service/console.ts"

const CODE = "AB0C-9DEF-8GHJ"
const FRESH: Greetable = {
  claimed: false,
  claimCode: CODE,
  claimFile: "/var/lib/gatehouse/claim-code",
  listeners: [{ name: "https", host: "*", port: 8443 }],
  names: ["gateway", "gateway.local", "localhost"],
  addresses: ["127.0.0.1", "::1", "192.0.2.10", "fe80::1", "fd00::2"],
  authorityFile: "/var/lib/gatehouse/ca/authority.pem",
  pageWords: ["abandon", "zoo"],
}

test("the addresses are those at which somebody else reaches it", () => {
  const told = greeting(FRESH, true)
  assert.match(
    told,
    /^ {2}page and API {2}https:\/\/gateway:8443 {2}https:\/\/192\.0\.2\.10:8443 {2}https:\/\/\[fd00::2\]:8443$/m,
  )
  assert.doesNotMatch(told, /fe80|::1\]/)
})

test("the fingerprint of the page's authority is told in words, before the claim and after", () => {
  for (const gateway of [FRESH, { ...FRESH, claimed: true, claimCode: undefined }]) {
    assert.match(greeting(gateway, false), /^ {2}page's words {2}abandon zoo$/m)
  }
})

test("a terminal is shown the claim code, anything else where it is kept", () => {
  assert.match(greeting(FRESH, true), new RegExp(`claim code +${CODE}\\n.*"code":"${CODE}"`, "s"))
  const piped = greeting(FRESH, false)
  assert.ok(!piped.includes(CODE))
  assert.match(piped, /read it with: cat \/var\/lib\/gatehouse\/claim-code$/m)
})

test("the commands work as they stand, whatever the path and the host", () => {
  const claimFile = "/home/o'hara/my state/claim-code"
  const command = `cat '/home/o'\\''hara/my state/claim-code'`
  assert.ok(greeting({ ...FRESH, claimFile }, false).includes(`read it with: ${command}\n`))
  const hosts = { "*": "localhost", "192.0.2.10": "192.0.2.10", "fd00::2": "[fd00::2]" }
  for (const [host, inUrl] of Object.entries(hosts)) {
    const told = greeting({ ...FRESH, listeners: [{ name: "https", host, port: 9443 }] }, true)
    assert.ok(told.includes(`curl -k https://${inUrl}:9443/api/v1/claim`), told)
  }
})

test("without a page it is claimed with the command line", () => {
  const told = greeting({ ...FRESH, listeners: [] }, false)
  assert.match(told, /^ {2}scripts\/gatehouse claim --state \/var\/lib\/gatehouse --username you$/m)
  assert.doesNotMatch(told, /curl/)
})

test("in service it asks for nothing", () => {
  const told = greeting({ ...FRESH, claimed: true, claimCode: undefined }, true)
  assert.match(told, /It is in service\. Ctrl-C stops it\./)
  assert.doesNotMatch(told, /claim/)
})
