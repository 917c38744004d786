import assert from "node:assert/strict"
import { test } from "node:test"
import { networkFile } from "../../../image/rootfs/usr/lib/gatehouse/box/network.ts"
import { type NetworkSettings, parseRequest } from "../../../image/rootfs/usr/lib/gatehouse/box/request.ts"

const FORMAT = "gatehouse-root-request/1"
const request = (fields: object) => parseRequest(JSON.stringify({ format: FORMAT, ...fields }))

test("every request of the contract is understood", () => {
  const all = [
    { kind: "check", bundle: "u-1.raucb", bytes: 1 },
    { kind: "install", bundle: "u-1.raucb", bytes: 91_234_567 },
    { kind: "roll-back" },
    { kind: "set-clock", time: "2026-11-28T03:00:00Z" },
    { kind: "set-network", ipv4: { method: "dhcp" } },
    {
      kind: "set-network",
      interface: "eth0",
      ipv4: { method: "static", address: "192.0.2.10/24", gateway: "192.0.2.1" },
    },
    { kind: "confirm-network", request: "17-net" },
    { kind: "factory-reset", scope: "everything" },
    { kind: "restart" },
  ]
  for (const fields of all) assert.equal(typeof request(fields), "object", JSON.stringify(fields))
})

test("a bundle's name leads nowhere but into the folder of uploads", () => {
  for (const bundle of [
    "../x.raucb",
    "/etc/shadow",
    "a/b.raucb",
    ".raucb",
    "-x.raucb",
    "x.raucb\n",
    "x.img",
    `${"a".repeat(120)}.raucb`,
  ]) {
    assert.equal(typeof request({ kind: "install", bundle, bytes: 1 }), "string", bundle)
  }
})

test("network settings cannot carry another line into systemd's configuration", () => {
  const bad: object[] = [
    { ipv4: { method: "static", address: "192.0.2.10/24\nDHCPServer=yes" } },
    { ipv4: { method: "static", address: "192.0.2.10" } },
    { ipv4: { method: "static", address: "192.0.2.10/33" } },
    { ipv4: { method: "static", address: "192.0.2.10/0" } },
    { ipv4: { method: "static", address: "192.0.2.10/24", gateway: "gateway" } },
    { ipv4: { method: "dhcp" }, ipv6: { method: "static", address: "192.0.2.10/24" } },
    { ipv4: { method: "dhcp" }, dns: ["192.0.2.1 192.0.2.2"] },
    { ipv4: { method: "dhcp" }, ntp: ["ntp.example\n[Match]"] },
    { ipv4: { method: "dhcp" }, interface: "eth0 Kind=bridge" },
    { ipv4: { method: "dhcp" }, interface: "*" },
  ]
  for (const fields of bad)
    assert.equal(typeof request({ kind: "set-network", ...fields }), "string", JSON.stringify(fields))
})

test("an unknown key, kind or format is refused, and the refusal names the place", () => {
  assert.match(String(request({ kind: "restart", now: true })), /now/)
  assert.match(String(request({ kind: "run", command: "sh" })), /kind/)
  assert.match(String(parseRequest('{"kind":"restart"}')), /format/)
  assert.match(String(parseRequest("{")), /not JSON/)
  assert.match(String(parseRequest(`"${"x".repeat(17_000)}"`)), /at most/)
  assert.match(String(request({ kind: "set-clock", time: "tomorrow" })), /time/)
})

test("settings become a systemd.network file", () => {
  const settings = request({
    kind: "set-network",
    interface: "eth0",
    ipv4: { method: "static", address: "192.0.2.10/24", gateway: "192.0.2.1" },
    ipv6: { method: "off" },
    dns: ["192.0.2.53"],
  }) as unknown as NetworkSettings
  const text = networkFile(settings)
  for (const line of ["Name=eth0", "DHCP=no", "Address=192.0.2.10/24", "Gateway=192.0.2.1", "DNS=192.0.2.53"]) {
    assert.ok(text.split("\n").includes(line), line)
  }
  const automatic = networkFile({ ipv4: { method: "dhcp" }, ipv6: { method: "automatic" }, dns: [], ntp: [] })
  assert.ok(automatic.includes("\nDHCP=yes\n"))
  assert.ok(automatic.includes("Type=ether"))
})
