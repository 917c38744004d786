import { residentMemory } from "../bench/process-stat.ts"
import type { Weight } from "./scales.ts"

/** MiB alive, garbage collected, at the end of the attack beyond what was after the warm-up. */
const GROWTH = 12
/** The same after a run too short for a whole warm-up. */
const GROWTH_IN_SHORT_RUN = 32
/** MiB of RAM that the process may take at any time, with these limits: what is alive, garbage and the allocators' slack. */
const MOST = 768

/** After the warm-up, at the end of the attack, and after the rest; undefined where the gateway was gone by then. */
type Weights = Readonly<Record<"warm" | "last" | "after", Weight | undefined>>

/** The gateway's memory over one run. */
export class Memory {
  readonly #rss: number[] = []

  /** MiB, as seen last. */
  get rss(): number {
    return this.#rss.at(-1) ?? 0
  }

  /** Call each second. */
  look(pid: number): void {
    this.#rss.push(residentMemory(pid) / 1024)
  }

  /** What is alive must not grow from the warm-up to the end, and be no more when all are gone, which a short run cannot show. */
  judge({ warm, last, after }: Weights, isShort: boolean): string[] {
    const findings: string[] = []
    const step = Math.max(1, Math.floor(this.#rss.length / 30))
    const seen = this.#rss.filter((_, i) => i % step === 0).map((mib) => mib.toFixed(0))
    const most = Math.max(...this.#rss)
    console.log(`RSS, MiB, every ${step} s: ${seen.join(" ")}; at most ${most.toFixed(0)} (bound ${MOST})`)
    if (most > MOST) findings.push(`the gateway took ${most.toFixed(0)} MiB of RAM`)
    if (warm === undefined || last === undefined || after === undefined) return findings
    const growth = isShort ? GROWTH_IN_SHORT_RUN : GROWTH
    console.log(
      `alive after the warm-up: ${inWords(warm)}\n` +
        `at the end of the attack: ${inWords(last)}; at most ${growth} MiB more allowed\n` +
        `after the rest: ${inWords(after)}; ${isShort ? growth : 0} MiB more allowed`,
    )
    if (held(last) > held(warm) + growth) findings.push("memory grows: more is alive at the end than after the warm-up")
    if (held(after) > held(warm) + (isShort ? growth : 0))
      findings.push("memory did not come back: nobody is there, and more is alive")
    return findings
  }
}

/** MiB of objects, of what they hold outside the heap, and of the threads' objects. */
function held({ heap, external, threads }: Weight): number {
  return heap + external + threads
}

export function inWords(weight: Weight): string {
  const { heap, external, reserved, threads, threadsReserved, rss } = weight
  const mib = (value: number) => value.toFixed(1)
  return (
    `${mib(heap)} MiB of objects, ${mib(external)} outside the heap, ${mib(threads)} in threads ` +
    `(heap reserved ${mib(reserved)}, threads' ${mib(threadsReserved)}, RSS ${mib(rss)})`
  )
}
