/** Saves a text as a file; it never leaves the browser for that. */
export function saveText(name: string, text: string): void {
  const url = URL.createObjectURL(new Blob([text], { type: "application/octet-stream" }))
  const link = document.createElement("a")
  link.href = url
  link.download = name
  link.click()
  setTimeout(() => URL.revokeObjectURL(url), 10_000)
}

const ALPHABET = "abcdefghijkmnpqrstuvwxyz23456789"

/** A password nobody has to think of: 120 bits, without letters that look alike, in groups that can be read out. */
export function makePassword(): string {
  const letters = [...crypto.getRandomValues(new Uint8Array(24))].map((byte) => ALPHABET[byte & 31])
  return (letters.join("").match(/.{6}/g) ?? []).join("-")
}
