import { html } from "../html.ts"
import type { TrustFacts } from "./routes.ts"

/**
 * The certificate as a configuration profile of iOS and macOS (Apple's Configuration Profile Reference, payload
 * com.apple.security.root). Its identifiers follow from the certificate, so that a second download replaces the first.
 */
export function mobileConfig({ hostname, authority }: Pick<TrustFacts, "hostname" | "authority">): string {
  const { fingerprint, der } = authority
  const { text } = html`<plist version="1.0">
<dict>
  <key>PayloadType</key><string>Configuration</string>
  <key>PayloadVersion</key><integer>1</integer>
  <key>PayloadIdentifier</key><string>gatehouse.page.${fingerprint.slice(0, 16)}</string>
  <key>PayloadUUID</key><string>${uuid(fingerprint.slice(0, 32))}</string>
  <key>PayloadDisplayName</key><string>Gatehouse ${hostname}</string>
  <key>PayloadDescription</key><string>${authority.words.join(" ")}</string>
  <key>PayloadContent</key>
  <array>
    <dict>
      <key>PayloadType</key><string>com.apple.security.root</string>
      <key>PayloadVersion</key><integer>1</integer>
      <key>PayloadIdentifier</key><string>gatehouse.page.${fingerprint.slice(0, 16)}.certificate</string>
      <key>PayloadUUID</key><string>${uuid(fingerprint.slice(32))}</string>
      <key>PayloadDisplayName</key><string>Gatehouse ${hostname}</string>
      <key>PayloadContent</key><data>${der.toString("base64")}</data>
    </dict>
  </array>
</dict>
</plist>
`
  return `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
${text}`
}

/** 32 hex digits in the form of RFC 9562, version 8: made by rules of one's own. */
function uuid(hex: string): string {
  const digits = `${hex.slice(0, 12)}8${hex.slice(13, 16)}8${hex.slice(17)}`
  return digits.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5")
}
