import { useEffect, useRef, useState } from "preact/hooks"
import type { z } from "zod"
import type { Device, devicesAnswer } from "../../service/http/contract-devices.ts"
import { get } from "../api.ts"
import { deviceLevel, deviceNeed, deviceState } from "../device-words.ts"
import { number } from "../format.ts"
import { announce } from "../parts/announce.tsx"
import { Button, LinkButton } from "../parts/button.tsx"
import { Empty } from "../parts/card.tsx"
import { Icon } from "../parts/icon.tsx"
import { Loaded } from "../parts/loaded.tsx"
import { PageHead } from "../parts/page-head.tsx"
import { Badge } from "../parts/state.tsx"
import { useResource } from "../resource.ts"
import { href, query } from "../router.ts"
import { may } from "../session.ts"
import { words } from "../words.ts"

const t = words({
  en: {
    title: "Devices",
    add: "Add device",
    search: "Search by name, note or role",
    filters: "Show",
    all: "All",
    connected: "Connected",
    offline: "Offline",
    never: "Never seen",
    disabled: "Disabled",
    attention: "Needs attention",
    none: "No device fits.",
    noneYet: "There is no device yet. A device needs a name here and a certificate or a password of its own.",
    clear: "Show all devices",
    more: "Show more",
    shown: (shown: number, all: number) => `${number(shown)} of ${number(all)} shown`,
    found: (count: number) => (count === 1 ? "One device" : `${number(count)} devices`),
  },
  de: {
    title: "Geräte",
    add: "Gerät hinzufügen",
    search: "Nach Name, Notiz oder Rolle suchen",
    filters: "Anzeigen",
    all: "Alle",
    connected: "Verbunden",
    offline: "Getrennt",
    never: "Nie gesehen",
    disabled: "Gesperrt",
    attention: "Braucht Aufmerksamkeit",
    none: "Kein Gerät passt dazu.",
    noneYet: "Es gibt noch kein Gerät. Ein Gerät braucht hier einen Namen und ein eigenes Zertifikat oder Kennwort.",
    clear: "Alle Geräte anzeigen",
    more: "Mehr anzeigen",
    shown: (shown: number, all: number) => `${number(shown)} von ${number(all)} angezeigt`,
    found: (count: number) => (count === 1 ? "Ein Gerät" : `${number(count)} Geräte`),
  },
})

type Devices = z.output<typeof devicesAnswer>
const FILTERS = ["all", "attention", "connected", "offline", "never", "disabled"] as const
type Filter = (typeof FILTERS)[number]
const PAGE = 100
/** A person types faster than every letter is worth a question. */
const TYPING_MS = 150

export function Page() {
  const [search, setSearch] = useState("")
  const [asked, setAsked] = useState("")
  const [show, setShow] = useState<Filter>(FILTERS.find((filter) => filter === query("show")) ?? "all")
  const [pages, setPages] = useState(1)
  useEffect(() => {
    const timer = setTimeout(() => setAsked(search.trim()), TYPING_MS)
    return () => clearTimeout(timer)
  }, [search])
  const devices = useResource(
    (options) => read(asked, show, pages, options),
    [
      "client-connected",
      "client-disconnected",
      "refused",
      "users-changed",
      "certificate-issued",
      "certificate-revoked",
    ],
    [asked, show, pages],
  )
  // what was found before stays in sight until the new answer is here
  const last = useRef<Devices | undefined>(undefined)
  last.current = devices.value.value ?? last.current
  const choose = (filter: Filter) => {
    setShow(filter)
    setPages(1)
  }
  const canAdd = may("write", "/users")
  return (
    <>
      <PageHead
        title={t().title}
        actions={
          canAdd && (
            <LinkButton kind="primary" icon="add" href={href("/add")}>
              {t().add}
            </LinkButton>
          )
        }
      />
      <div class="search">
        <Icon name="search" />
        <input
          type="search"
          aria-label={t().search}
          placeholder={t().search}
          value={search}
          onInput={({ currentTarget }) => {
            setSearch(currentTarget.value)
            setPages(1)
          }}
        />
      </div>
      <fieldset class="segments">
        <legend class="unseen">{t().filters}</legend>
        {FILTERS.filter((filter) => isWorth(filter, show, last.current)).map((filter) => (
          <button key={filter} type="button" aria-pressed={show === filter} onClick={() => choose(filter)}>
            {t()[filter]} <span class="numbers">{last.current?.counts[filter] ?? ""}</span>
          </button>
        ))}
      </fieldset>
      <Loaded resource={devices} meanwhile={last.current}>
        {(found) => (
          <List
            found={found}
            total={found.counts[show]}
            isFiltered={asked !== "" || show !== "all"}
            onMore={() => setPages(pages + 1)}
            onClear={() => {
              setSearch("")
              setAsked("")
              choose("all")
            }}
          />
        )}
      </Loaded>
    </>
  )
}

/** A filter that would find nothing is only in the way. */
function isWorth(filter: Filter, chosen: Filter, found: Devices | undefined): boolean {
  return filter === "all" || filter === chosen || (found?.counts[filter] ?? 0) > 0
}

/** The first so many pages, as one. */
async function read(search: string, show: Filter, pages: number, options: object): Promise<Devices> {
  const filter = new URLSearchParams({ show, limit: String(PAGE), ...(search === "" ? {} : { search }) })
  let whole: Devices | undefined
  for (let page = 0; page < pages; page++) {
    const next = whole?.next
    if (whole !== undefined && next === null) break
    if (next) filter.set("cursor", next)
    const part: Devices = await get<typeof devicesAnswer>(`/devices?${filter}`, options)
    whole = { ...part, devices: [...(whole?.devices ?? []), ...part.devices] }
  }
  return whole as Devices
}

interface ListProps {
  readonly found: Devices
  readonly total: number
  readonly isFiltered: boolean
  readonly onMore: () => void
  readonly onClear: () => void
}

function List({ found, total, isFiltered, onMore, onClear }: ListProps) {
  const { devices, next } = found
  useEffect(() => announce(t().found(total)), [total])
  if (devices.length === 0) {
    return (
      <Empty>
        <p>{isFiltered ? t().none : t().noneYet}</p>
        {isFiltered ? (
          <Button onClick={onClear}>{t().clear}</Button>
        ) : (
          may("write", "/users") && (
            <LinkButton kind="primary" icon="add" href={href("/add")}>
              {t().add}
            </LinkButton>
          )
        )}
      </Empty>
    )
  }
  return (
    <>
      <ul class="rows">
        {devices.map((device) => (
          <li key={device.username}>
            <Row device={device} />
          </li>
        ))}
      </ul>
      <p class="list-end">
        {t().shown(devices.length, total)} {next !== null && <Button onClick={onMore}>{t().more}</Button>}
      </p>
    </>
  )
}

function Row({ device }: { readonly device: Device }) {
  const { word, more } = deviceState(device)
  const need = deviceNeed(device)
  return (
    <a class="row row-device" href={href("/devices/:name", { name: device.username })}>
      <span class="row-main">
        <span class="row-name">{device.username}</span>
        {device.note && <span class="row-more">{device.note}</span>}
        {need && <span class="row-need">{need}</span>}
      </span>
      <span class="row-state">
        <Badge level={deviceLevel(device)}>{word}</Badge>
        <span class="row-more">{more}</span>
      </span>
      <Icon name="next" />
    </a>
  )
}
