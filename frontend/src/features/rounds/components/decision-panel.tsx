import { Button, TextInput } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { ProblemNotice } from '@/components/notice'
import { evaluationQuery } from '@/features/rounds/api/rounds'
import { useRoundAction } from '@/features/rounds/hooks/use-round-action'
import { estimateOf, verdict } from '@/features/rounds/model/decision'
import { percent } from '@/lib/format'
import type { Round } from '@/lib/types'
import { ComparisonTable } from './comparison-table'
import classes from './decision-panel.module.css'
import { ReplyPairs } from './reply-pairs'

/** Challenger against champion, and the choice between them. */
export function DecisionPanel({ round }: { round: Round }) {
  const evaluation = round.evaluation
  const { data, error } = useQuery({ ...evaluationQuery(round.id), enabled: evaluation !== null })
  if (!evaluation) {
    return (
      <section className={classes.panel}>
        <h2>Decide</h2>
        <p>
          When challenger and champion have been compared, the choice between them is made here.
        </p>
      </section>
    )
  }
  return (
    <>
      <section className={classes.panel} aria-label="Decision">
        <h2>{round.state === 'closed' ? outcome(round) : 'Challenger against champion'}</h2>
        <WinRate metrics={evaluation.metrics} />
        <ComparisonTable metrics={evaluation.metrics} />
        {round.state === 'deciding' && <Choice round={round} />}
      </section>
      {error && <ProblemNotice problem={error} />}
      {data && <ReplyPairs samples={data.samples} />}
    </>
  )
}

/** "Promoted by ada: reads well", of an event whose reason begins with what was done. */
function outcome(round: Round): string {
  const last = round.events.findLast((event) => event.to_state === 'closed')
  const [done = 'decided', ...why] = (last?.reason ?? '').split(': ')
  const by = last?.actor ? ` by ${last.actor}` : ''
  return [done.charAt(0).toUpperCase() + done.slice(1) + by, ...why].join(': ')
}

function WinRate({ metrics }: { metrics: Record<string, unknown> }) {
  const rate = estimateOf(metrics, 'win_rate_vs_start')
  if (!rate) return null
  return (
    <div className={classes.rate}>
      <p>
        <strong className={classes.big}>{percent(rate.value)}</strong> of held-out prompts are won
        by the challenger (95 % interval {percent(rate.low)} to {percent(rate.high)}).
      </p>
      <svg className={classes.bar} viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden>
        <rect x="0" y="4" width="100" height="2" className={classes.track} />
        <rect
          x={100 * rate.low}
          y="2"
          width={Math.max(0.5, 100 * (rate.high - rate.low))}
          height="6"
          className={classes.interval}
        />
        <rect x={100 * rate.value - 0.3} y="0" width="0.6" height="10" className={classes.point} />
        <rect x="49.9" y="0" width="0.2" height="10" className={classes.middle} />
      </svg>
      <div className={classes.scale} aria-hidden>
        <span>champion wins all</span>
        <span>50 %</span>
        <span>challenger wins all</span>
      </div>
      <p>{verdict(rate)}</p>
    </div>
  )
}

function Choice({ round }: { round: Round }) {
  const [reason, setReason] = useState('')
  const act = useRoundAction(round.id)
  const challenger = round.challenger?.name ?? 'the challenger'
  const decide = (action: 'promote' | 'reject') => act.mutate({ action, reason: reason.trim() })
  return (
    <div className={classes.choice}>
      <TextInput
        label="Reason, for the record"
        placeholder="Optional"
        value={reason}
        maxLength={2000}
        onChange={(event) => setReason(event.currentTarget.value)}
      />
      <div className={classes.buttons}>
        <div>
          <Button fullWidth loading={act.isPending} onClick={() => decide('promote')}>
            Promote {challenger}
          </Button>
          <p>It becomes the champion; the next round samples and starts from it.</p>
        </div>
        <div>
          <Button
            fullWidth
            variant="default"
            loading={act.isPending}
            onClick={() => decide('reject')}
          >
            Reject it, keep {round.start_policy.name}
          </Button>
          <p>The champion stays; the rankings and the challenger are kept on record.</p>
        </div>
      </div>
      {act.error && <ProblemNotice problem={act.error} />}
    </div>
  )
}
