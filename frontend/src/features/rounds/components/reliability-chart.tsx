import type { Bin } from '@/features/rounds/model/reward-report'
import { percent, plural } from '@/lib/format'
import classes from './reliability-chart.module.css'

const SIZE = 260
const EDGE = 40
const INSIDE = SIZE - EDGE - 24
const SURE = [0.5, 0.75, 1]
const RIGHT = [0, 0.25, ...SURE]

/** Confidences run from a half to one; accuracies from none to all, as few pairs may all be wrong. */
const across = (confidence: number) => EDGE + (confidence - 0.5) * 2 * INSIDE
const up = (accuracy: number) => 10 + (1 - accuracy) * INSIDE

/** How often the model is right (upward) where it is so sure (across): on the line it is honest. */
export function ReliabilityChart({ before, after }: { before: Bin[]; after: Bin[] }) {
  return (
    <figure className={classes.chart}>
      <figcaption>How sure it is, and how often right</figcaption>
      <svg viewBox={`0 0 ${SIZE} ${up(0) + 26}`} role="img" aria-label={inWords(after)}>
        <line className={classes.honest} x1={across(0.5)} y1={up(0.5)} x2={across(1)} y2={up(1)} />
        <path className={classes.axis} d={`M${EDGE} 10V${up(0)}H${across(1)}`} />
        {SURE.map((tick) => (
          <text key={tick} x={across(tick)} y={up(0) + 18} textAnchor="middle">
            {percent(tick)}
          </text>
        ))}
        {RIGHT.map((tick) => (
          <text key={tick} x={EDGE - 6} y={up(tick) + 4} textAnchor="end">
            {percent(tick)}
          </text>
        ))}
        <Dots bins={before} className={classes.before} />
        <Dots bins={after} className={classes.after} />
      </svg>
      <p className={classes.legend}>
        <span className={classes.hollow} aria-hidden /> before calibration{' '}
        <span className={classes.filled} aria-hidden /> after
      </p>
    </figure>
  )
}

function Dots({ bins, className }: { bins: Bin[]; className: string | undefined }) {
  const most = Math.max(...bins.map((bin) => bin.pairs))
  return (
    <g className={className}>
      {bins.map((bin) => (
        <circle
          key={bin.confidence}
          cx={across(bin.confidence)}
          cy={up(bin.accuracy)}
          r={3 + 5 * Math.sqrt(bin.pairs / most)}
        />
      ))}
    </g>
  )
}

function inWords(bins: Bin[]): string {
  const points = bins.map(
    (bin) =>
      `${percent(bin.confidence)} sure, ${percent(bin.accuracy)} right (${plural(bin.pairs, 'pair')})`,
  )
  return `After calibration: ${points.join('; ')}`
}
