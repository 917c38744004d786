import { shortMoment } from "../format.ts"
import { useWidth } from "./measured.ts"

export interface Stretch {
  /** Milliseconds since the epoch. */
  readonly from: number
  readonly to: number
}

export interface PresenceProps {
  /** What the picture says, for whoever does not see it. */
  readonly summary: string
  readonly from: number
  readonly to: number
  readonly connected: readonly Stretch[]
  /** When something of it was refused. */
  readonly refused: readonly number[]
}

/** When a device was here: a bar for each stretch of being connected, a cross where it was refused. */
export function Presence({ summary, from, to, connected, refused }: PresenceProps) {
  const { box, width } = useWidth<HTMLDivElement>(600)
  const x = (at: number) => (Math.max(0, at - from) / Math.max(1, to - from)) * width
  return (
    <div ref={box}>
      <svg class="chart presence" viewBox={`0 0 ${width} 58`} role="img" aria-label={summary}>
        <rect class="absent" x="0" y="12" width={width} height="22" rx="4" />
        {connected.map((stretch) => (
          <rect
            key={stretch.from}
            class="present"
            x={x(stretch.from)}
            y="12"
            width={Math.max(2, x(stretch.to) - x(stretch.from))}
            height="22"
          />
        ))}
        {refused.map((at) => (
          <path key={at} class="refused" d={`M${x(at) - 4} 2l8 8m0 -8l-8 8`} />
        ))}
        <text x="0" y="52">
          {shortMoment(from)}
        </text>
        <text x={width} y="52" text-anchor="end">
          {shortMoment(to)}
        </text>
      </svg>
    </div>
  )
}
