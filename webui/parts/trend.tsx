import { clockTime, number } from "../format.ts"
import { useWidth } from "./measured.ts"

export interface Point {
  /** Milliseconds since the epoch. */
  readonly at: number
  readonly value: number
}

export interface Line {
  readonly name: string
  readonly points: readonly Point[]
}

export interface TrendProps {
  /** What the picture says, in a sentence, for whoever does not see it. */
  readonly summary: string
  /** One or two lines; the second is dashed. */
  readonly lines: readonly Line[]
  readonly unit: string
}

const HEIGHT = 140
const LEFT = 44
const BOTTOM = 22
const TOP = 10

/** How something went over time. The scale begins at nothing and ends at a round number above the highest point. */
export function Trend({ summary, lines, unit }: TrendProps) {
  const { box, width } = useWidth<HTMLElement>(600)
  const all = lines.flatMap(({ points }) => points)
  const [first, last] = [Math.min(...all.map(({ at }) => at)), Math.max(...all.map(({ at }) => at))]
  const most = roundAbove(Math.max(1, ...all.map(({ value }) => value)))
  const x = (at: number) => LEFT + ((at - first) / Math.max(1, last - first)) * (width - LEFT)
  const y = (value: number) => TOP + (1 - value / most) * (HEIGHT - TOP - BOTTOM)
  const path = (points: readonly Point[]) =>
    points.map(({ at, value }, i) => `${i === 0 ? "M" : "L"}${x(at).toFixed(1)} ${y(value).toFixed(1)}`).join("")
  return (
    <figure class="trend" ref={box}>
      <svg class="chart" viewBox={`0 0 ${width} ${HEIGHT}`} role="img" aria-label={summary}>
        {[0, most / 2, most].map((value) => (
          <g key={value}>
            <path class="grid" d={`M${LEFT} ${y(value)}H${width}`} />
            <text x={LEFT - 8} y={y(value) + 4} text-anchor="end">
              {number(value)}
            </text>
          </g>
        ))}
        {lines.map(({ name, points }, i) => (
          <path key={name} class={`line line-${i}`} d={path(points)} />
        ))}
        <text x={LEFT} y={HEIGHT - 4}>
          {clockTime(first)}
        </text>
        <text x={width} y={HEIGHT - 4} text-anchor="end">
          {clockTime(last)}
        </text>
      </svg>
      <figcaption class="legend">
        {lines.map(({ name, points }, i) => (
          <span key={name} class={`line-${i}`}>
            {name}: <strong class="numbers">{number(points.at(-1)?.value ?? 0)}</strong> {unit}
          </span>
        ))}
      </figcaption>
    </figure>
  )
}

/** 1, 2 or 5 times a power of ten. */
function roundAbove(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value))
  return power * ([1, 2, 5, 10].find((step) => step * power >= value) ?? 10)
}
