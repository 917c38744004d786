import assert from "node:assert/strict"
import { test } from "node:test"
import { namesInCsv, namesOf } from "../../../service/provisioning/naming.ts"

const refuses = (work: () => unknown, sentence: RegExp) =>
  assert.throws(work, { name: "GatewayError", code: "bad-request", message: sentence })

test("a pattern's one run of # is the number, padded to its length", () => {
  assert.deepEqual(
    namesOf("pump-###.a", 8, 3).map(({ username }) => username),
    ["pump-008.a", "pump-009.a", "pump-010.a"],
  )
  refuses(() => namesOf("pump", 1, 2), /must have one run of #/)
  refuses(() => namesOf("p##-##", 1, 2), /must have one run of #/)
  refuses(() => namesOf("pump-#", 8, 3), /10 does not fit into 1 #/)
  refuses(() => namesOf("+/##", 1, 2), /number 1: "\+\/01" is no username/)
  refuses(() => namesOf("pump-####", 1, 501), /at most 500/)
})

test("a table is read with or without a head, with commas or semicolons, quotes, CRLF and a byte order mark", () => {
  const rows = [
    { username: "pump-1", roles: ["device", "logger"], note: 'the "old" one; left' },
    { username: "pump-2" },
  ]
  assert.deepEqual(namesInCsv('pump-1,device logger,"the ""old"" one; left"\npump-2\n'), rows)
  assert.deepEqual(
    namesInCsv('\ufeffNote;Name;Roles\r\n"the ""old"" one; left";pump-1;device|logger\r\n\r\n;pump-2;\r\n'),
    rows,
  )
})

test("a table is refused with the line and the reason, as a whole", () => {
  refuses(() => namesInCsv(""), /is empty/)
  refuses(() => namesInCsv("name\n"), /no line below its head/)
  refuses(() => namesInCsv("name,colour\npump,red"), /column "colour" is not known/)
  refuses(() => namesInCsv("pump-1\npump-2\npump-1"), /line 3: the name pump-1 stands in line 1/)
  refuses(() => namesInCsv("pump-1\npump 2"), /line 2: "pump 2" is no username/)
  refuses(() => namesInCsv('pump-1,"device'), /line 1: a quote is opened/)
  refuses(() => namesInCsv('"pump"x'), /line 1: something stands behind/)
  refuses(() => namesInCsv("a,b,c,d"), /line 1 has more cells/)
  refuses(() => namesInCsv(Array.from({ length: 501 }, (_, i) => `p${i}`).join("\n")), /at most 500/)
})

test("no text whatsoever makes it fail otherwise than with a refusal, or take for ever", () => {
  const pieces = ['"', ",", ";", "\n", "\r", "name", "pump", "\u0000", "é", "#", " ", "roles"]
  let seed = 7
  const random = () => {
    seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648
    return seed
  }
  for (let i = 0; i < 20_000; i++) {
    const text = Array.from({ length: random() % 12 }, () => pieces[random() % pieces.length]).join("")
    try {
      namesInCsv(text)
    } catch (error) {
      assert.equal((error as { code?: string }).code, "bad-request", `${JSON.stringify(text)}: ${error}`)
    }
  }
})
