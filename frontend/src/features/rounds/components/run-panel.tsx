import { Progress } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { LineChart } from '@/components/line-chart'
import { ScrollBox } from '@/components/scroll-box'
import { runLogQuery, runMetricsQuery } from '@/features/rounds/api/rounds'
import { curvesOf, resultRows } from '@/features/rounds/model/curves'
import { duration, figure, plural } from '@/lib/format'
import type { Run } from '@/lib/types'
import { RewardFindings } from './reward-findings'
import classes from './run-panel.module.css'

const UNITS: Record<string, string> = { reply: 'replies' }

const STATE_WORDS: Record<Run['state'], string> = {
  queued: 'Waiting for a worker to take it up.',
  running: 'Running.',
  succeeded: 'Done.',
  failed: 'Failed.',
  cancelled: 'Cancelled.',
}

/** One run: how far, how fast, how long still; its curves; what came out; what its process said. */
export function RunPanel({ title, run }: { title: string; run: Run | undefined }) {
  return (
    <section className={classes.panel} aria-label={title}>
      <h2>{title}</h2>
      {run ? (
        <>
          <RunProgress run={run} />
          <Curves run={run} />
          {run.metrics && <Outcome metrics={run.metrics} />}
          <Log run={run} />
        </>
      ) : (
        <p className={classes.quiet}>The round has not come to this yet.</p>
      )}
    </section>
  )
}

/** What came out, or why nothing was to be done. */
function Outcome({ metrics }: { metrics: Record<string, unknown> }) {
  if (typeof metrics.skipped === 'string') return <p className={classes.quiet}>{metrics.skipped}</p>
  return (
    <>
      <Results metrics={metrics} />
      <RewardFindings metrics={metrics} />
    </>
  )
}

function RunProgress({ run }: { run: Run }) {
  const { progress } = run
  const { step = 0, total = 0, unit = 'step' } = progress
  const share = run.state === 'succeeded' ? 100 : total > 0 ? (100 * step) / total : 0
  const facts = [
    run.state === 'running' && progress.phase,
    total > 0 &&
      `${step.toLocaleString('en')} of ${total.toLocaleString('en')} ${UNITS[unit] ?? `${unit}s`}`,
    progress.tokens_per_second &&
      `${figure(Math.round(progress.tokens_per_second))} tokens a second`,
    run.state === 'running' &&
      progress.eta_seconds !== undefined &&
      `${duration(progress.eta_seconds)} left`,
    run.state !== 'running' && runTime(run),
    run.attempt > 1 && `taken up ${plural(run.attempt, 'time')}`,
  ].filter(Boolean)
  return (
    <div className={classes.progress} data-testid="run-progress">
      <Progress
        value={share}
        size="lg"
        color={run.state === 'failed' ? 'red' : undefined}
        aria-label={`Progress: ${Math.round(share)} percent`}
      />
      <p className={classes.facts}>
        <strong>{STATE_WORDS[run.state]}</strong>
        {facts.map((fact) => (
          <span key={String(fact)}>{fact}</span>
        ))}
      </p>
    </div>
  )
}

function runTime(run: Run): string | false {
  if (!run.started_at || !run.ended_at) return false
  return `took ${duration((Date.parse(run.ended_at) - Date.parse(run.started_at)) / 1000)}`
}

function Curves({ run }: { run: Run }) {
  const { data } = useQuery(runMetricsQuery(run.id))
  const curves = curvesOf(data ?? [])
  if (curves.length === 0) return null
  return (
    <div className={classes.curves}>
      {curves.map((curve) => (
        <LineChart key={curve.name} title={curve.title} xLabel="step" xs={curve.xs} ys={curve.ys} />
      ))}
    </div>
  )
}

function Results({ metrics }: { metrics: Record<string, unknown> }) {
  return (
    <dl className={classes.results} aria-label="Result">
      {resultRows(metrics).map((row) => (
        <div key={row.name}>
          <dt>{row.title}</dt>
          <dd>{row.value}</dd>
        </div>
      ))}
    </dl>
  )
}

function Log({ run }: { run: Run }) {
  const [isOpen, setOpen] = useState(false)
  const { data } = useQuery({
    ...runLogQuery(run.id),
    enabled: isOpen,
    refetchInterval: run.state === 'running' ? 3_000 : false,
  })
  return (
    <details onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>Log of the process</summary>
      <ScrollBox className={classes.log} label="Log of the process">
        {data === undefined ? 'Fetching …' : data || 'It has said nothing yet.'}
      </ScrollBox>
    </details>
  )
}
