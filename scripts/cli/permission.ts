import type { z } from "zod"
import type { permissionSchema } from "../../service/access/permission.ts"
import { type Call, misused, type Option } from "./command.ts"

export type Permission = z.infer<typeof permissionSchema>

const OPERATIONS = { read: "read", write: "write", readWrite: "readWrite" } as const

/** How permissions are typed: `read:plant/#` for topics, and the like for paths of the API. */
export const PERMISSION_OPTIONS: Readonly<Record<string, Option>> = {
  allow: {
    value: "OPERATION:FILTER",
    many: true,
    summary: "MQTT permission: read (subscribe), write (publish) or readWrite, and a topic filter; %u is the username",
  },
  "allow-http": {
    value: "OPERATION:PATH",
    many: true,
    summary: "permission for the API: read, write or readWrite, and a path below /api/v1",
  },
}

/** The permissions of a call in the order topics, paths; undefined when it names none. */
export function permissionsOf(call: Call): Permission[] | undefined {
  const mqtt = call.texts("allow").map((text) => permission("mqtt", "allow", text))
  const http = call.texts("allow-http").map((text) => permission("http", "allow-http", text))
  return mqtt.length + http.length === 0 ? undefined : [...mqtt, ...http]
}

/** As it is typed, so that what is shown can be given back. */
export function inWords({ context, operation, resource }: Permission): string {
  return `${context === "http" ? "http " : ""}${operation}:${resource}`
}

function permission(context: Permission["context"], option: string, text: string): Permission {
  const colon = text.indexOf(":")
  const typed = text.slice(0, Math.max(0, colon))
  const operation = Object.hasOwn(OPERATIONS, typed) ? OPERATIONS[typed as keyof typeof OPERATIONS] : undefined
  if (operation !== undefined) return { context, operation, resource: text.slice(colon + 1) }
  const example = context === "mqtt" ? "read:plant/#" : "read:/status"
  throw misused(`--${option} is written OPERATION:RESOURCE with read, write or readWrite, such as ${example}`)
}
