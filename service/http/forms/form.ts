import { z } from "zod"
import type { RawBody } from "../route.ts"
import { LANGUAGES } from "./look.ts"

/** A form as browsers send it. A field given twice is refused: two readers may pick two values. */
export const FORM: RawBody = {
  types: ["application/x-www-form-urlencoded"],
  read(bytes) {
    const fields: Record<string, string> = Object.create(null)
    for (const [name, value] of new URLSearchParams(bytes.toString())) {
      if (name in fields) return undefined
      fields[name] = value
    }
    return { ...fields }
  },
}

export const lookQuery = z.strictObject({ lang: z.enum(LANGUAGES).optional() })

/** What a person may type; whether it is any good is judged later, and said on the page. */
export const typed = z.string().max(1024)
