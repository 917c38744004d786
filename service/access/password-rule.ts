/** Minimum characters: a device's password is made by a machine, a person's is guessed by people. */
export const MIN_DEVICE = 8
export const MIN_PERSON = 12
const MAX = 256

/** What every list of leaked passwords begins with, in the lengths that pass the other rule. */
const COMMON_STEMS = [
  "password",
  "passwort",
  "123456",
  "1q2w3e4r5t",
  "q1w2e3r4t5",
  "1qaz2wsx3edc",
  "qwertzuiop",
  "qwertyuiop",
  "qwertz",
  "qwerty",
  "asdfgh",
  "yxcvbn",
  "zxcvbn",
  "abc123",
  "changeme",
  "default",
  "administrator",
  "letmein",
  "welcome",
  "admin",
  "iloveyou",
  "gatehouse",
]

/**
 * Why a password may not be used, as a sentence that never repeats it; null when it may. No composition rules
 * (NIST SP 800-63B 5.1.1.2): length, and for people no common password and nothing made of their own name.
 */
export function passwordProblem(password: string, username: string, forPeople: boolean): string | null {
  const length = [...password].length
  const least = forPeople ? MIN_PERSON : MIN_DEVICE
  if (length < least)
    return `the password has ${length} characters; ${forPeople ? "a person's" : "a device's"} needs at least ${least}`
  if (length > MAX) return `the password has ${length} characters; at most ${MAX} are taken`
  if (password.includes("\0")) return "the password holds a NUL character, which MQTT clients cannot send"
  if (!forPeople) return null
  const plain = password.toLowerCase()
  if (new Set(plain).size < 5) return "the password repeats too few different characters; choose another"
  const rest = [...COMMON_STEMS, username.toLowerCase()].reduce((text, stem) => text.replaceAll(stem, ""), plain)
  if (rest.replace(/[^\p{L}]/gu, "").length < 3 && rest.length < MIN_DEVICE) {
    return "the password is a common one, or made of the username; choose another"
  }
  return isSequence(plain) ? "the password is a run of neighbouring characters; choose another" : null
}

function isSequence(text: string): boolean {
  let steps = 0
  for (let i = 1; i < text.length; i++) if (Math.abs(text.charCodeAt(i) - text.charCodeAt(i - 1)) <= 1) steps++
  return steps >= text.length - 3
}
