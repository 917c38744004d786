import type { z } from "zod"
import type { claimAnswer } from "../../service/http/contract.ts"
import type { Call, Command } from "./command.ts"
import { newPassword, PASSWORD_STDIN } from "./secret.ts"

type Claimed = Pick<z.infer<typeof claimAnswer>, "recoveryKey">

/** Taking the gateway into service, for whoever sits at the machine. */
export const CLAIM_COMMANDS: readonly Command[] = [
  {
    words: "claim",
    summary: "Take the gateway into service as its first administrator; without --username, print the claim code.",
    options: {
      username: { value: "NAME", summary: "the first administrator; asks for a password of 12 characters or more" },
      "password-stdin": PASSWORD_STDIN,
      undo: { summary: "take back a claim of the last ten minutes: users go, certificates are revoked, a new code" },
    },
    example: "claim --username you",
    async run(call) {
      const { api, screen } = call
      if (call.flag("undo")) return undo(call)
      const username = call.text("username")
      const { code } = await api.get<{ code: string }>("/local/claim-code")
      if (username === undefined) return screen.answer({ code }, () => code)
      const password = await newPassword(call, username)
      const claimed = await api.ask<Claimed>("POST", "/claim", { json: { code, username, password } })
      screen.answer(claimed, () => claimedLines(username, claimed))
    },
  },
]

async function undo({ api, screen }: Call): Promise<void> {
  await api.ask("DELETE", "/claim")
  const { code } = await api.get<{ code: string }>("/local/claim-code")
  screen.answer({ code }, () => ["The claim is undone: nobody is in service any more.", "", `Claim code: ${code}`])
}

function claimedLines(username: string, { recoveryKey }: Claimed): string[] {
  const done = `The gateway is in service; ${username} is its administrator.`
  if (recoveryKey === undefined) return [done]
  return [done, "", `Recovery key of the root certificate: ${recoveryKey}`, "Write it down: it is shown this once."]
}
