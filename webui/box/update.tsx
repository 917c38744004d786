import { useState } from "preact/hooks"
import type { ApplianceRequest } from "../../service/http/contract-appliance.ts"
import { useAction } from "../action.ts"
import { send } from "../api.ts"
import { confirmed } from "../confirmation.tsx"
import { age, bytes, duration } from "../format.ts"
import { Button } from "../parts/button.tsx"
import { Card, Fact, Facts } from "../parts/card.tsx"
import { Notice, Refusal } from "../parts/notice.tsx"
import { words } from "../words.ts"
import type { BoxProps } from "./box.ts"
import { isOpen, latestOf, OutcomeNotice } from "./outcome.tsx"
import { uploadBundle } from "./upload.ts"

const t = words({
  en: {
    title: "Software",
    running: "Running",
    version: (version: string, slot: string) => `${version} (slot ${slot})`,
    trial: "on trial: it goes back by itself unless it proves good",
    other: "Other slot",
    empty: "empty",
    last: "Last update",
    none: "none yet",
    how: "An update is one file that ends in .raucb. Choosing it uploads and checks it; nothing changes until you install it.",
    choose: "Update file",
    sending: (percent: number) => `Uploading: ${percent} %`,
    ready: (version: string) => `Version ${version} is ready`,
    notes: "What is new",
    size: "Size",
    downtime: (time: string) =>
      `Devices are cut off for about ${time} while the box restarts; they come back by themselves. If the new version does not prove good, the box goes back to this one.`,
    install: (version: string) => `Install ${version} and restart`,
    back: (version: string) => `Go back to ${version}`,
  },
  de: {
    title: "Software",
    running: "Läuft",
    version: (version: string, slot: string) => `${version} (Platz ${slot})`,
    trial: "auf Probe: bewährt sie sich nicht, kehrt die Box von selbst zurück",
    other: "Anderer Platz",
    empty: "leer",
    last: "Letztes Update",
    none: "noch keines",
    how: "Ein Update ist eine Datei, die auf .raucb endet. Beim Auswählen wird sie hochgeladen und geprüft; geändert wird erst beim Installieren etwas.",
    choose: "Update-Datei",
    sending: (percent: number) => `Wird hochgeladen: ${percent} %`,
    ready: (version: string) => `Version ${version} liegt bereit`,
    notes: "Was neu ist",
    size: "Größe",
    downtime: (time: string) =>
      `Die Geräte sind etwa ${time} getrennt, während die Box neu startet; sie kommen von selbst zurück. Bewährt sich die neue Version nicht, kehrt die Box zu dieser zurück.`,
    install: (version: string) => `${version} installieren und neu starten`,
    back: (version: string) => `Zurück zu ${version}`,
  },
})

/** What runs, and the way to something newer or back. */
export function Update({ box, reload }: BoxProps) {
  const { version = "", slot = "", trial, other, lastUpdate, requests } = box
  const latest = latestOf(requests, "check", "install", "roll-back")
  return (
    <Card title={t().title}>
      <Facts>
        <Fact name={t().running}>
          {t().version(version, slot)}
          {trial && `, ${t().trial}`}
        </Fact>
        <Fact name={t().other}>{other?.version ?? t().empty}</Fact>
        <Fact name={t().last}>
          {lastUpdate === undefined ? t().none : `${lastUpdate.message} (${age(lastUpdate.at)})`}
        </Fact>
      </Facts>
      {latest && <OutcomeNotice outcome={latest} />}
      <Ready box={box} reload={reload} latest={latest} />
      <Upload reload={reload} disabled={latest !== undefined && isOpen(latest)} />
      <RollBack box={box} reload={reload} />
    </Card>
  )
}

function Upload({ reload, disabled }: { readonly reload: () => Promise<void>; readonly disabled: boolean }) {
  const [percent, setPercent] = useState<number | undefined>(undefined)
  const { run, refused } = useAction(async (file: File) => {
    try {
      await confirmed(() => uploadBundle(file, (part) => setPercent(Math.round(part * 100))))
    } finally {
      setPercent(undefined)
    }
    await reload()
  })
  return (
    <div class="field">
      <label for="bundle">{t().choose}</label>
      <p class="hint" id="bundle-hint">
        {t().how}
      </p>
      <input
        id="bundle"
        type="file"
        accept=".raucb,application/vnd.rauc"
        aria-describedby="bundle-hint"
        disabled={disabled || percent !== undefined}
        onChange={({ currentTarget }) => {
          const file = currentTarget.files?.[0]
          if (file !== undefined) void run(file)
        }}
      />
      {percent !== undefined && (
        <>
          <progress max={100} value={percent} aria-label={t().choose} />
          <p aria-live="polite">{t().sending(percent)}</p>
        </>
      )}
      <Refusal of={refused.value} />
    </div>
  )
}

/** A bundle that was checked and found good. */
function Ready({ box, reload, latest }: BoxProps & { readonly latest: ApplianceRequest | undefined }) {
  const { run, busy, refused } = useAction(async () => {
    await confirmed(() => send("POST", "/appliance/install"))
    await reload()
  })
  if (latest?.kind !== "check" || latest.state !== "done" || latest.bundle === undefined) return null
  const { version = "", notes, bytes: size } = latest.bundle
  return (
    <div class="ready">
      <h3>{t().ready(version)}</h3>
      <Facts>
        {notes && <Fact name={t().notes}>{notes}</Fact>}
        {size !== undefined && <Fact name={t().size}>{bytes(size)}</Fact>}
      </Facts>
      <p>{t().downtime(duration(box.expectedDowntimeSeconds ?? 0))}</p>
      {refused.value && <Notice kind="bad">{refused.value.message}</Notice>}
      <div class="actions">
        <Button kind="primary" busy={busy.value} onClick={() => void run()}>
          {t().install(version)}
        </Button>
      </div>
    </div>
  )
}

function RollBack({ box, reload }: BoxProps) {
  const { run, busy, refused } = useAction(async () => {
    await confirmed(() => send("POST", "/appliance/roll-back"))
    await reload()
  })
  if (!box.other?.canRollBack) return null
  return (
    <>
      {refused.value && <Notice kind="bad">{refused.value.message}</Notice>}
      <div class="actions">
        <Button busy={busy.value} onClick={() => void run()}>
          {t().back(box.other.version ?? "")}
        </Button>
      </div>
    </>
  )
}
