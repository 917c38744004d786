import type { roleAnswer } from "../../service/http/contract.ts"
import { Button } from "../parts/button.tsx"
import { Select, TextField } from "../parts/field.tsx"
import { words } from "../words.ts"

export type Permission = (typeof roleAnswer)["_output"]["permissions"][number]

const t = words({
  en: {
    legend: "Permissions",
    none: "None.",
    context: "For",
    mqtt: "Topics",
    http: "This page, the API",
    operation: "May",
    read: "read",
    write: "write",
    readWrite: "read and write",
    resource: "Which",
    mqttHint: "# is all below, + any one level, %u the user's own name: devices/%u/#",
    httpHint: "A path of the API: /users/# or /status",
    add: "Add a permission",
    remove: (resource: string) => (resource === "" ? "Remove" : `Remove ${resource}`),
    removeShort: "Remove",
  },
  de: {
    legend: "Berechtigungen",
    none: "Keine.",
    context: "Für",
    mqtt: "Themen (Topics)",
    http: "Diese Seite, die API",
    operation: "Darf",
    read: "lesen",
    write: "schreiben",
    readWrite: "lesen und schreiben",
    resource: "Welche",
    mqttHint: "# steht für alles darunter, + für eine Ebene, %u für den eigenen Namen: devices/%u/#",
    httpHint: "Ein Pfad der API: /users/# oder /status",
    add: "Berechtigung hinzufügen",
    remove: (resource: string) => (resource === "" ? "Entfernen" : `${resource} entfernen`),
    removeShort: "Entfernen",
  },
})

export interface PermissionsProps {
  readonly value: readonly Permission[]
  readonly onChange: (value: readonly Permission[]) => void
  /** By the path of a member, such as `permissions.0.resource`. */
  readonly errors?: ReadonlyMap<string, string> | undefined
}

/** A list of permissions to be changed, one block each. */
export function Permissions({ value, onChange, errors }: PermissionsProps) {
  const replace = (index: number, part: Partial<Permission>) =>
    onChange(value.map((one, i) => (i === index ? { ...one, ...part } : one)))
  return (
    <fieldset class="group">
      <legend>{t().legend}</legend>
      {value.length === 0 && <p class="muted">{t().none}</p>}
      {value.map((permission, index) => (
        // by its place: two may be alike while they are being typed
        <div class="permission" key={index}>
          <Select
            label={t().operation}
            value={permission.operation}
            onChange={(operation) => replace(index, { operation })}
            options={(["read", "write", "readWrite"] as const).map((one) => ({ value: one, label: t()[one] }))}
          />
          <Select
            label={t().context}
            value={permission.context}
            onChange={(context) => replace(index, { context })}
            options={(["mqtt", "http"] as const).map((one) => ({ value: one, label: t()[one] }))}
          />
          <TextField
            label={t().resource}
            hint={permission.context === "mqtt" ? t().mqttHint : t().httpHint}
            value={permission.resource}
            onInput={(resource) => replace(index, { resource })}
            error={errors?.get(`permissions.${index}.resource`)}
            input={{ required: true, maxLength: 1024, autocomplete: "off" }}
          />
          <Button kind="quiet" icon="close" onClick={() => onChange(value.filter((_, i) => i !== index))}>
            <span class="unseen">{t().remove(permission.resource)}</span>
            <span aria-hidden="true">{t().removeShort}</span>
          </Button>
        </div>
      ))}
      <p>
        <Button icon="add" onClick={() => onChange([...value, { context: "mqtt", operation: "read", resource: "" }])}>
          {t().add}
        </Button>
      </p>
    </fieldset>
  )
}

/** A permission in words: "read and write devices/%u/#". */
export function inWords({ context, operation, resource }: Permission): string {
  const what = `${t()[operation]}: ${resource}`
  return context === "http" ? `${what} (${t().http})` : what
}
