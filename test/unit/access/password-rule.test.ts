import assert from "node:assert/strict"
import { describe, test } from "node:test"
import { MIN_DEVICE, MIN_PERSON, passwordProblem } from "../../../service/access/password-rule.ts"

const NAME = "pump-7"

describe("the password of a device", () => {
  const good = [
    "12345678",
    "password",
    "pump-7pump-7",
    "aaaaaaaa",
    "é".repeat(8),
    "🔑".repeat(8),
    "x".repeat(256),
    " ".repeat(8),
  ]
  for (const password of good) {
    test(`may be ${shown(password)}`, () => assert.equal(passwordProblem(password, NAME, false), null))
  }
  const bad = ["", "1234567", "🔑".repeat(7), "x".repeat(257), "abc\0defghi"]
  for (const password of bad) {
    test(`may not be ${shown(password)}`, () => assert.notEqual(passwordProblem(password, NAME, false), null))
  }
})

describe("the password of a person", () => {
  const good = [
    "orange-bicycle-42",
    "correct horse battery staple",
    "tausend kleine Schritte",
    "x7-z9_q!abcd",
    "adminstration of the pump hall",
    "my dog likes password managers",
    "пароль от насоса",
    "长而且难以猜测的密码一二三",
    "aB3$aB3$aB3$xyz",
    `${"many words and ".repeat(17)}x`.slice(0, 256),
  ]
  for (const password of good) {
    test(`may be ${shown(password)}`, () => assert.equal(passwordProblem(password, NAME, true), null))
  }

  const bad = [
    "",
    "short",
    "x7-z9_q!abc",
    "🔑".repeat(11),
    "x".repeat(257),
    "orange\0bicycle",
    "aaaaaaaaaaaa",
    "abababababab",
    "121212121212",
    "password1234",
    "PASSWORD1234",
    "passwordpassword",
    "Passwort123456",
    "123456123456",
    "1234567890123",
    "abcdefghijkl",
    "lkjihgfedcba",
    "abcdefghijklm1",
    "qwertyuiop12",
    "qwertzuiop12",
    "1q2w3e4r5t6y",
    "q1w2e3r4t5y6",
    "1qaz2wsx3edc",
    "asdfghasdfgh",
    "abc123abc123",
    "changeme1234",
    "adminadmin12",
    "administrator",
    "Administrator1!",
    "welcome12345",
    "gatehouse123",
    "gatehouse-gatehouse",
    "letmeinletmein",
    "iloveyou1234",
    "pump-7pump-7",
    "PUMP-7-PUMP-7",
    "pump-7-admin!",
  ]
  for (const password of bad) {
    test(`may not be ${shown(password)}`, () => assert.notEqual(passwordProblem(password, NAME, true), null))
  }
})

describe("the sentence that refuses a password", () => {
  test("never repeats it", () => {
    const hostile = [
      "hunter2",
      "hunter2\0hunter2",
      "pump-7pump-7",
      "passwordpassword",
      "abcdefghijkl",
      "hunter2".repeat(40),
    ]
    for (const password of hostile) {
      for (const forPeople of [true, false]) {
        const sentence = passwordProblem(password, NAME, forPeople) ?? ""
        for (let i = 0; i + 5 <= password.length; i++) {
          const piece = password.slice(i, i + 5)
          if ("the password".includes(piece)) continue // the sentence's own words
          assert.equal(sentence.includes(piece), false, sentence)
        }
      }
    }
  })

  test("says how many characters are needed", () => {
    assert.match(passwordProblem("x".repeat(MIN_DEVICE - 1), NAME, false) ?? "", /7 characters.* at least 8$/)
    assert.match(passwordProblem("x".repeat(MIN_PERSON - 1), NAME, true) ?? "", /11 characters.* at least 12$/)
  })
})

function shown(password: string): string {
  return JSON.stringify(password.length > 40 ? `${password.slice(0, 10)}… (${password.length})` : password)
}
