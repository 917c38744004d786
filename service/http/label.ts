import { qrPath } from "./qr-code.ts"

export interface Labelled {
  readonly username: string
  /** SHA-256 of the public key, lower-case hex. */
  readonly publicKey: string
  readonly uid?: string | undefined
  readonly model?: string | undefined
}

/**
 * A device's label, 62 x 29 mm: its name, the hash of its key for people to compare, and both as a QR code for whoever
 * takes it into stock. No secret is on it. Shapes and attributes alone, so that no policy stands against it.
 */
export function labelSvg({ username, publicKey, uid, model }: Labelled): string {
  const { path, modules } = qrPath(labelText({ username, publicKey, uid }))
  const scale = (25 / modules).toFixed(4)
  const lines = [...(publicKey.match(/.{16}/g) ?? [])].map((line) => (line.match(/.{4}/g) ?? []).join(" "))
  const size = Math.min(4.2, 31 / (username.length * 0.62)).toFixed(2)
  const about = [model, uid].filter((text) => text !== undefined).join(" · ")
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="62mm" height="29mm" viewBox="0 0 62 29" role="img" aria-label="${escaped(username)}">`,
    `<rect width="62" height="29" fill="#fff"/>`,
    `<path transform="translate(2 2) scale(${scale})" fill="#000" d="${path}"/>`,
    `<g fill="#000" font-family="DejaVu Sans Mono, Liberation Mono, monospace">`,
    `<text x="29" y="7" font-size="${size}" font-weight="bold">${escaped(username)}</text>`,
    `<text x="29" y="11" font-size="1.9">${escaped(about.slice(0, 28))}</text>`,
    ...lines.map((line, i) => `<text x="29" y="${(15.5 + i * 3.2).toFixed(1)}" font-size="2.5">${line}</text>`),
    "</g></svg>",
  ].join("")
}

/** What the QR code says: `gatehouse:pump-7;key=<SHA-256 of the public key>;uid=<the device's own>`. */
export function labelText({ username, publicKey, uid }: Labelled): string {
  return `gatehouse:${username};key=${publicKey}${uid === undefined ? "" : `;uid=${encodeURIComponent(uid)}`}`
}

function escaped(text: string): string {
  return text.replace(/[<>&"']/g, (c) => `&#${c.charCodeAt(0)};`)
}
