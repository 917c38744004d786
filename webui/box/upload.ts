import type { z } from "zod"
import type { requestAnswer } from "../../service/http/contract-appliance.ts"
import { Refused } from "../api.ts"

type Outcome = z.infer<typeof requestAnswer>

/**
 * Sends an update bundle; `onProgress` is told the part that is sent, 0 to 1. XMLHttpRequest, as fetch tells nothing of
 * that. Rejects with `Refused`, as all calls do.
 */
export function uploadBundle(file: Blob, onProgress: (part: number) => void): Promise<Outcome> {
  const request = new XMLHttpRequest()
  const { promise, resolve, reject } = Promise.withResolvers<Outcome>()
  request.upload.onprogress = ({ loaded, total }) => onProgress(total === 0 ? 0 : loaded / total)
  request.onerror = () => reject(new Refused(0, { code: "unreachable" }))
  request.onload = () => {
    const answer = parsed(request.responseText)
    if (request.status === 202) resolve(answer as Outcome)
    else reject(new Refused(request.status, (answer ?? { code: "internal" }) as { code: string }))
  }
  request.open("POST", "/api/v1/appliance/uploads")
  request.setRequestHeader("Content-Type", "application/octet-stream")
  request.send(file)
  return promise
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
