import { useId, useState } from "preact/hooks"
import type { z } from "zod"
import type { rolesAnswer } from "../../service/http/contract.ts"
import type { batchAnswer, batchRequest, jobAnswer, jobRequest } from "../../service/http/contract-serial.ts"
import { useAction } from "../action.ts"
import { get, send } from "../api.ts"
import { announce } from "../parts/announce.tsx"
import { Button } from "../parts/button.tsx"
import { Check, Choice, Select, TextArea, TextField } from "../parts/field.tsx"
import { Loaded } from "../parts/loaded.tsx"
import { Refusal } from "../parts/notice.tsx"
import { useResource } from "../resource.ts"
import { query } from "../router.ts"
import { may } from "../session.ts"
import { type Port, portName } from "./ports.tsx"
import { t } from "./texts.ts"

type Way = "one" | "pattern" | "table"
const NEXT = ""
const NAME = /^[A-Za-z0-9][A-Za-z0-9._:@-]{0,63}$/

interface Names {
  readonly way: Way
  readonly name: string
  readonly pattern: string
  readonly from: string
  readonly count: string
  readonly csv: string
}

const NOTHING: Names = { way: "one", name: "", pattern: "", from: "1", count: "10", csv: "" }

/** Who the next devices are to be. The one that is plugged in alone is the one that is meant, unless said otherwise. */
export function OrderForm({ ports, onOrdered }: { readonly ports: readonly Port[]; readonly onOrdered: () => void }) {
  const roles = useResource((options) => get<typeof rolesAnswer>("/roles", options))
  const [names, setNames] = useState<Names>({ ...NOTHING, name: query("name") ?? "" })
  const [chosen, setChosen] = useState<string>()
  const [role, setRole] = useState("device")
  const [replace, setReplace] = useState(false)
  const [tried, setTried] = useState(false)
  const free = ports.filter(({ use }) => use === "free")
  const alone = names.way === "one" && free.length === 1 ? free[0]!.plug.path : NEXT
  const port =
    chosen === undefined || (chosen !== NEXT && !free.some(({ plug }) => plug.path === chosen)) ? alone : chosen
  const wrong = wrongIn(names)
  const { run, busy, refused } = useAction(async () => {
    setTried(true)
    if (wrong !== undefined) return
    const wishes = { roles: [role], replace, ...(port === NEXT ? {} : { port }) }
    const count = await order(names, wishes)
    setTried(false)
    setReplace(false)
    setNames({ ...NOTHING, way: names.way })
    announce(t().ordered(count))
    onOrdered()
  })
  if (!may("write", "/serial/jobs")) return null
  return (
    <form
      noValidate
      onSubmit={(event) => {
        event.preventDefault()
        void run()
      }}
    >
      <Choice
        legend={t().names}
        value={names.way}
        onChange={(way) => setNames({ ...names, way })}
        options={(["one", "pattern", "table"] as const).map((value) => ({ value, label: t()[value] }))}
      />
      <NameFields names={names} onChange={setNames} wrong={tried ? wrong : undefined} />
      <Choice
        legend={t().where}
        value={port}
        onChange={setChosen}
        options={[
          ...free.map((one) => ({ value: one.plug.path, label: portName(one), hint: one.plug.path })),
          { value: NEXT, label: t().next },
        ]}
      />
      <Loaded resource={roles}>
        {(known) => (
          <Select
            label={t().role}
            value={role}
            onChange={setRole}
            options={known.roles.filter(isForDevices).map((one) => ({ value: one.name, label: one.name }))}
          />
        )}
      </Loaded>
      <Check label={t().replace} hint={t().replaceHint} checked={replace} onChange={setReplace} />
      <Refusal of={refused.value} />
      <div class="actions">
        <Button type="submit" kind="primary" icon="usb" busy={busy.value}>
          {names.way === "one" ? (port === NEXT ? t().startNext : t().start) : t().startMany(countOf(names))}
        </Button>
      </div>
    </form>
  )
}

interface NameFieldsProps {
  readonly names: Names
  readonly onChange: (names: Names) => void
  readonly wrong: string | undefined
}

function NameFields({ names, onChange, wrong }: NameFieldsProps) {
  const set = (key: keyof Names) => (value: string) => onChange({ ...names, [key]: value })
  if (names.way === "one") {
    const input = { required: true, maxLength: 64, autocomplete: "off" }
    return (
      <TextField
        label={t().name}
        hint={t().nameHint}
        value={names.name}
        onInput={(name) => set("name")(name.trim())}
        error={wrong}
        input={input}
      />
    )
  }
  if (names.way === "table") return <Table value={names.csv} onInput={set("csv")} wrong={wrong} />
  const number = { inputMode: "numeric", autocomplete: "off" } as const
  return (
    <>
      <TextField
        label={t().patternLabel}
        hint={t().patternHint}
        value={names.pattern}
        onInput={set("pattern")}
        error={wrong}
        input={{ maxLength: 64, autocomplete: "off" }}
      />
      <TextField label={t().from} value={names.from} onInput={set("from")} input={number} />
      <TextField label={t().count} value={names.count} onInput={set("count")} input={number} />
    </>
  )
}

function Table({
  value,
  onInput,
  wrong,
}: {
  value: string
  onInput: (csv: string) => void
  wrong: string | undefined
}) {
  const id = useId()
  return (
    <>
      <TextArea label={t().csv} hint={t().csvHint} value={value} onInput={onInput} error={wrong} code />
      <div class="field">
        <label for={id}>{t().file}</label>
        <input
          id={id}
          type="file"
          accept=".csv,.txt,text/csv"
          onChange={({ currentTarget }) => void currentTarget.files?.[0]?.text().then(onInput)}
        />
      </div>
    </>
  )
}

function wrongIn({ way, name, pattern, csv }: Names): string | undefined {
  if (way === "one") return NAME.test(name) ? undefined : t().nameWrong
  if (way === "pattern") return /^[^#]*#+[^#]*$/.test(pattern) ? undefined : t().patternWrong
  return csv.trim() === "" ? t().csvHint : undefined
}

function countOf({ way, count, csv }: Names): number {
  if (way === "pattern") return Number.parseInt(count, 10) || 0
  const lines = csv.split(/\r?\n/).filter((line) => line.trim() !== "")
  return /^"?(user)?name\b/i.test(lines[0] ?? "") ? lines.length - 1 : lines.length
}

type Wishes = Pick<z.input<typeof jobRequest>, "roles" | "replace" | "port">

/** Sends the order; answers how many devices it is for. */
async function order(names: Names, wishes: Wishes): Promise<number> {
  if (names.way === "one") {
    const body: z.input<typeof jobRequest> = { username: names.name, ...wishes }
    await send<typeof jobAnswer>("POST", "/serial/jobs", body)
    return 1
  }
  const { pattern, from, count, csv } = names
  const which = names.way === "table" ? { csv } : { pattern, from: Number(from), count: Number(count) }
  const body: z.input<typeof batchRequest> = { names: which, ...wishes }
  return (await send<typeof batchAnswer>("POST", "/serial/batches", body)).jobs.length
}

/** A role that opens this page is for people. */
function isForDevices({ permissions }: z.output<typeof rolesAnswer>["roles"][number]): boolean {
  return !permissions.some(({ context }) => context === "http")
}
