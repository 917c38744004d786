import { GatewayError } from "../errors.ts"
import type { Passwords } from "./password.ts"
import { passwordProblem } from "./password-rule.ts"
import { type Grant, OWN_ISSUER } from "./user.ts"
import type { GrantInput } from "./user-input.ts"

/** Makes of a grant that was asked for the one that is stored. */
export class Grants {
  readonly #passwords: Passwords
  readonly #issuerExists: (issuer: string) => boolean

  constructor(passwords: Passwords, issuerExists: (issuer: string) => boolean) {
    this.#passwords = passwords
    this.#issuerExists = issuerExists
  }

  /** A password by its rule and hashed. Throws `bad-request` with the rule it breaks. */
  async make(name: string, input: GrantInput, forPeople: boolean): Promise<Grant> {
    if (input.kind === "certificate") {
      this.#assertIssuer(input.issuer)
      return input
    }
    if ("passwordHash" in input) return { kind: "password", hash: input.passwordHash, forPeople }
    const problem = passwordProblem(input.password, name, forPeople)
    if (problem !== null) throw new GatewayError("bad-request", problem)
    return { kind: "password", hash: await this.#passwords.hash(input.password), forPeople }
  }

  /** A grant like the one that would be stored. A password's rule is judged when it is set. */
  supposed(input: GrantInput): Grant {
    if (input.kind === "password") return { kind: "password", hash: "", forPeople: true }
    this.#assertIssuer(input.issuer)
    return input
  }

  #assertIssuer(issuer: string): void {
    if (this.#issuerExists(issuer)) return
    throw new GatewayError("bad-request", `there is no trusted authority ${issuer}; add it first, or use ${OWN_ISSUER}`)
  }
}
