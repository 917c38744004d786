import assert from "node:assert/strict"
import { describe, it } from "node:test"
import { resolve } from "../../../scripts/cli/arguments.ts"
import { COMMANDS } from "../../../scripts/cli/commands.ts"

function typed(line: string) {
  return resolve(line === "" ? [] : line.split(" "), COMMANDS)
}

function call(line: string) {
  const found = typed(line)
  if (!("command" in found)) throw new Error(`no command: ${line}`)
  return {
    words: found.command.words,
    values: Object.fromEntries(found.values),
    operands: [...found.operands.values()],
  }
}

function complaint(line: string): string {
  try {
    typed(line)
  } catch (error) {
    assert.ok(error instanceof Error && "status" in error && error.status === 2, String(error))
    assert.doesNotMatch(error.message, /\n/)
    return error.message
  }
  assert.fail(`"${line}" was taken`)
}

describe("a command line", () => {
  it("is a command with its operands and options, in any order", () => {
    const expected = { words: "user add", values: { certificate: [""], role: ["a", "b"] }, operands: ["pump-1"] }
    for (const line of [
      "user add pump-1 --certificate --role a --role=b",
      "user add --role a --certificate --role b pump-1",
      "user add --certificate --role a --role b -- pump-1",
    ]) {
      assert.deepEqual(call(line), expected, line)
    }
  })

  it("takes the options of every command before its words too", () => {
    for (const line of ["--json --state /x status", "status --state=/x --json", "--state /x status --json"]) {
      const { words, values } = call(line)
      assert.deepEqual([words, values], ["status", { json: [""], state: ["/x"] }], line)
    }
  })

  it("keeps a lone dash, an empty value and a value after = that begins with a dash", () => {
    assert.deepEqual(call("cert sign pump-1 -").operands, ["pump-1", "-"])
    assert.deepEqual(call("user change a --note=").values, { note: [""] })
    assert.deepEqual(call("explain a read b --client-id=-x").values, { "client-id": ["-x"] })
  })

  it("asks for help at every level", () => {
    for (const line of ["", "--help", "-h", "help", "--json --help"]) assert.deepEqual(typed(line), { help: "" }, line)
    for (const line of ["user --help", "help user", "user -h"]) assert.deepEqual(typed(line), { help: "user" }, line)
    for (const line of ["user add --help", "help user add", "user add -h x y z", "--help user add"]) {
      assert.deepEqual(typed(line), { help: "user add" }, line)
    }
    assert.deepEqual(typed("--version"), { version: true })
  })

  it("names what was probably meant", () => {
    assert.equal(complaint("stauts"), 'there is no command "stauts"; did you mean status?')
    assert.equal(complaint("user ad pump-1"), 'there is no command "user ad"; did you mean user add?')
    assert.equal(complaint("certs list"), 'there is no command "certs"; did you mean cert?')
    assert.match(
      complaint("user add a --rol b"),
      /^there is no option "--rol" of gatehouse user add; did you mean --role\?$/,
    )
    assert.match(complaint("status --jsn"), /did you mean --json\?$/)
    assert.match(complaint("explain a raed b"), /^OPERATION is one of read, write; did you mean read\?$/)
    assert.match(complaint("--jso status"), /did you mean --json\?$/)
    assert.match(complaint("status --constructor"), /^there is no option "--constructor" of gatehouse status/)
  })

  it("says what is missing, too much, or given twice", () => {
    assert.match(complaint("user"), /^user what\? One of list, show, add/)
    assert.match(complaint("user show"), /^USERNAME is missing/)
    assert.match(complaint("user show a b"), /^gatehouse user show takes only USERNAME/)
    assert.match(complaint("status now"), /^gatehouse status takes nothing/)
    assert.match(complaint("user add a --note"), /^--note needs a value: --note TEXT$/)
    assert.match(complaint("user add a --note --certificate"), /^--note needs a value; one that begins with -/)
    assert.match(complaint("user add a --note x --note y"), /^--note is given twice$/)
    assert.match(complaint("status --json=yes"), /^--json takes no value$/)
    assert.match(complaint("help nothing"), /^there is no command "nothing"/)
    assert.match(complaint("-x"), /^there is no option "-x"/)
  })

  it("is never repeated where it may be a password", () => {
    for (const line of ["user add a --password tell-tale", "user add a --password=tell-tale", "claim tell-tale"]) {
      assert.doesNotMatch(complaint(line), /tell-tale/)
    }
  })
})
