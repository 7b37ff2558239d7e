import type { LiveMessage, MetricPoint, Round, Run, Sample } from '@/lib/types'

const SHOWN_SAMPLES = 20

/** A round after one message; a message that is already in it changes nothing. */
export function applyToRound(round: Round, message: LiveMessage): Round {
  if (message.kind === 'ping' || message.seq <= round.last_seq) return round
  const next = { ...round, last_seq: message.seq }
  switch (message.kind) {
    case 'state':
      return { ...next, ...movedTo(round, message) }
    case 'run':
      return { ...next, runs: withRun(round.runs, message.payload.run) }
    case 'progress':
      return {
        ...next,
        runs: round.runs.map((run) =>
          run.id === message.payload.run_id ? { ...run, progress: message.payload.progress } : run,
        ),
      }
    case 'collecting':
      return { ...next, collecting: message.payload }
    case 'metric':
    case 'samples':
    case 'reload':
      return next
  }
}

type StateMessage = Extract<LiveMessage, { kind: 'state' }>

function movedTo(round: Round, { payload, at }: StateMessage): Partial<Round> {
  const { from, to, actor, reason } = payload
  return {
    state: to,
    entered_at: at,
    failure: to === 'failed' ? reason : '',
    failed_in: to === 'failed' ? round.state : '',
    events: [...round.events, { from_state: from, to_state: to, actor, reason, at }],
  }
}

function withRun(runs: Run[], run: Run): Run[] {
  return runs.some((other) => other.id === run.id)
    ? runs.map((other) => (other.id === run.id ? run : other))
    : [...runs, run]
}

/** The curve of a run with one more step; a step that is done again after a resume replaces the old one. */
export function withMetric(points: MetricPoint[], point: MetricPoint): MetricPoint[] {
  const last = points.at(-1)
  if (!last || point.step > last.step) return [...points, point]
  return [...points.filter((other) => other.step !== point.step), point].sort(
    (a, b) => a.step - b.step,
  )
}

export const keyOf = (sample: Sample) => `${sample.temperature} ${sample.prompt} ${sample.text}`

/** The newest first, each once, and not more than a page shows. */
export function withSamples(samples: Sample[], fresh: Sample[]): Sample[] {
  const each = new Map([...fresh, ...samples].map((sample) => [keyOf(sample), sample]))
  return [...each.values()].slice(0, SHOWN_SAMPLES)
}
