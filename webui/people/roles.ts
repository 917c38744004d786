import type { rolesAnswer } from "../../service/http/contract.ts"
import { get } from "../api.ts"
import { type Resource, useResource } from "../resource.ts"
import { words } from "../words.ts"

const t = words({
  en: {
    admin: "Administrator: may do everything",
    technician: "Technician: sees everything, looks after devices and their certificates",
    viewer: "Viewer: sees everything, changes nothing",
    device: "Device: reads and writes devices/<its name>/…",
  },
  de: {
    admin: "Administrator: darf alles",
    technician: "Techniker: sieht alles, betreut Geräte und ihre Zertifikate",
    viewer: "Betrachter: sieht alles, ändert nichts",
    device: "Gerät: liest und schreibt devices/<sein Name>/…",
  },
})

export function useRoles(): Resource<(typeof rolesAnswer)["_output"]> {
  return useResource((options) => get<typeof rolesAnswer>("/roles", options), ["roles-changed"])
}

/** What a built-in role is for; undefined for one that somebody made. */
export function roleMeaning(name: string): string | undefined {
  const known = t() as Readonly<Record<string, string>>
  return Object.hasOwn(known, name) ? known[name] : undefined
}
