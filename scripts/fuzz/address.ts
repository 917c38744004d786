import type { Random } from "./random.ts"

/** The admitted come from everywhere on loopback; strangers share few addresses, so that the guard acts on them as well. */
export function addressOf(random: Random, admitted: boolean): string {
  if (!admitted && random.chance(0.9)) return `127.250.0.${random.between(1, 8)}`
  return `127.${random.between(1, 200)}.${random.int(256)}.${random.between(1, 254)}`
}
