import { keyPem, newKey } from "../../service/ca/authority-material.ts"
import type { Api } from "./api.ts"
import { certificateRequest } from "./certificate-request.ts"
import { ADMINISTRATOR, type Gatehouse, PLANT_ID } from "./gatehouse.ts"
import type { Device } from "./load/client.ts"
import { inParallel } from "./many.ts"
import type { Plant } from "./plant.ts"

/** How many of what the scale benchmark is made of. */
export interface Size {
  readonly users: number
  /** Of them connected at one time. */
  readonly connected: number
  /** Of these with certificates of the gateway's own authority, asked for through the API. */
  readonly own: number
}

export const ROLE = "member"
/** What every device of the role subscribes to. */
export const NEWS = "town/news"
export const PROBER = { username: "prober", password: "a rather dull phrase" } as const

/** The role with and without what all its devices have subscribed to. */
export function roleBody(withNews: boolean) {
  const own = { context: "mqtt", operation: "readWrite", resource: "town/%u/#" }
  const news = { context: "mqtt", operation: "read", resource: NEWS }
  return { permissions: withNews ? [own, news] : [own] }
}

/** A hash of the right form whose password nobody knows: the users who never come need none that fits. */
const HASH = `$argon2id$v=19$m=19456,t=2,p=1$${"c2FsdA".repeat(3)}$${"A".repeat(43)}`

/** Users by what they are: devices of an outside authority, of ours, and those who never connect. */
export class Town {
  readonly size: Size
  readonly plant: Plant
  readonly outside: readonly Device[]
  readonly own: Device[] = []

  constructor(size: Size, plant: Plant) {
    this.size = size
    this.plant = plant
    this.outside = plant.devices("outside-", size.connected - size.own)
  }

  get everyone(): readonly Device[] {
    return [...this.outside, ...this.own]
  }

  bootstrap(): Readonly<Record<string, unknown>> {
    const { users, connected, own } = this.size
    const member = (username: string, grant: object) => ({ username, grant, roles: [ROLE] })
    const names = (prefix: string, count: number) => Array.from({ length: count }, (_, i) => `${prefix}${i}`)
    const prober = { context: "mqtt", operation: "write", resource: NEWS }
    return {
      roles: [{ name: ROLE, ...roleBody(true) }],
      authorities: [{ id: PLANT_ID, certificate: this.plant.authority, scope: "*" }],
      users: [
        { username: PROBER.username, grant: { kind: "password", password: PROBER.password }, permissions: [prober] },
        ...this.outside.map(({ name }) => member(name, { kind: "certificate", issuer: PLANT_ID })),
        ...names("own-", own).map((name) => member(name, { kind: "certificate" })),
        ...names("absent-", users - connected).map((name) => member(name, { kind: "password", passwordHash: HASH })),
      ],
    }
  }

  /** Asks the gateway for the certificates of its own devices, as an installer would; answers how many a second. */
  async issue(api: Api): Promise<number> {
    const began = performance.now()
    const names = Array.from({ length: this.size.own }, (_, i) => `own-${i}`)
    await inParallel(names, 8, async (name) => {
      const key = newKey()
      const { chain } = await api.call("POST", `/users/${name}/certificates`, { csr: certificateRequest(name, key) })
      this.own.push({ name, key: keyPem(key), cert: String(chain) })
    })
    return (names.length / (performance.now() - began)) * 1000
  }
}

export async function signIn(api: Api): Promise<void> {
  await api.signIn(ADMINISTRATOR.username, ADMINISTRATOR.password)
}

export function mutualDoor({ ports, authority }: Gatehouse) {
  return { port: ports.mqtts, login: {}, tls: { ca: [authority], devices: [] } }
}
