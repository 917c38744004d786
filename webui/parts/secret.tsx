import { useState } from "preact/hooks"
import { words } from "../words.ts"
import { announce } from "./announce.tsx"
import { Button } from "./button.tsx"

const t = words({
  en: { copy: "Copy", copied: "Copied" },
  de: { copy: "Kopieren", copied: "Kopiert" },
})

/** Something to be copied or written down, in letters that tell 1 from l. */
export function Secret({ value }: { readonly value: string }) {
  const [copied, setCopied] = useState(false)
  const copy = async () => {
    await navigator.clipboard.writeText(value)
    setCopied(true)
    announce(t().copied)
  }
  return (
    <div class="secret">
      <code>{value}</code>
      <Button icon={copied ? "check" : "copy"} onClick={() => void copy()}>
        {copied ? t().copied : t().copy}
      </Button>
    </div>
  )
}
