import type { z } from "zod"
import type { portAnswer } from "../../service/http/contract-serial.ts"
import { useAction } from "../action.ts"
import { send } from "../api.ts"
import { Button } from "../parts/button.tsx"
import { Empty } from "../parts/card.tsx"
import { Notice, Refusal } from "../parts/notice.tsx"
import { may } from "../session.ts"
import { sentence, t } from "./texts.ts"

export type Port = z.output<typeof portAnswer>

/** What is plugged in, by what it says of itself. */
export function Ports({ ports, onChanged }: { readonly ports: readonly Port[]; readonly onChanged: () => void }) {
  return (
    <section>
      <h2>{t().ports}</h2>
      {ports.length === 0 ? (
        <Empty>{t().noPorts}</Empty>
      ) : (
        <ul class="rows">
          {ports.map((port) => (
            <li class="row" key={port.plug.path}>
              <PortRow port={port} onChanged={onChanged} />
            </li>
          ))}
        </ul>
      )}
    </section>
  )
}

function PortRow({ port, onChanged }: { readonly port: Port; readonly onChanged: () => void }) {
  const { plug, use, device, problem } = port
  const { run, busy, refused } = useAction(async () => {
    await send<typeof portAnswer>("POST", "/serial/recognitions", { port: plug.path })
    onChanged()
  })
  return (
    <div class="usb-port">
      <div class="row-main">
        <span class="row-name">{portName(port)}</span>
        <p class="hint">{placeOf(port)}</p>
        <p>{use === "job" ? t().busyWith : use === "recognising" ? t().looking : device ? said(port) : t().unknown}</p>
      </div>
      {use === "free" && device === undefined && may("write", "/serial/recognitions") && (
        <div>
          <Button icon="search" busy={busy.value} onClick={() => void run()}>
            {t().recognise}
          </Button>
        </div>
      )}
      {problem && use === "free" && <Notice kind="warn">{sentence(problem.code, problem.sentence)}</Notice>}
      <Refusal of={refused.value} />
    </div>
  )
}

/** Product and maker, where the adapter says them; else its file. */
export function portName({ plug }: Port): string {
  const name = [plug.manufacturer, plug.product].filter((text) => text !== undefined).join(" ")
  return name === "" ? (plug.path.split("/").at(-1) ?? plug.path) : name
}

function placeOf({ plug }: Port): string {
  const { path, location, vendorId, productId, serialNumber } = plug
  const usb = vendorId && productId ? `USB ${vendorId}:${productId}` : undefined
  const parts = [path, location && t().socket(location), usb, serialNumber]
  return parts.filter((text) => text !== undefined && text !== "").join(" · ")
}

function said({ device }: Port): string {
  const { title, model, uid, commonName } = device!
  return [title, model, uid, commonName].filter((text) => text !== undefined).join(" · ")
}
