import { Link, useSearch } from '@tanstack/react-router'
import { RoundStateBadge } from '@/components/round-state'
import { RelativeTime } from '@/components/relative-time'
import { useLiveRound } from '@/features/rounds/hooks/use-live-round'
import type { LinkState } from '@/features/rounds/model/live-socket'
import type { StepName } from '@/features/rounds/model/steps'
import { isOver, runOf, stagesOf, stepOf } from '@/features/rounds/model/steps'
import { plural } from '@/lib/format'
import type { Round } from '@/lib/types'
import { CollectingPanel } from './collecting-panel'
import { ConfirmedAction } from './confirmed-action'
import { DecisionPanel } from './decision-panel'
import { FailurePanel } from './failure-panel'
import { History } from './history'
import classes from './round-page.module.css'
import { RunPanel } from './run-panel'
import { runTitle } from '@/features/rounds/model/run-titles'
import { SamplesPanel } from './samples-panel'
import { StateLine } from './state-line'

const LINK_WORDS: Record<LinkState, string> = {
  connecting: 'connecting',
  live: 'live',
  waiting: 'reconnecting; asking every few seconds until then',
  refused: 'not live: log in again',
}

/** One turn of the loop as it happens. */
export function RoundPage({ id }: { id: number }) {
  const { round, link } = useLiveRound(id)
  const search = useSearch({ strict: false })
  const shown = search.step ?? stepOf(round)
  return (
    <div className={classes.page}>
      <title>{`Round ${round.number} of ${round.campaign.name} · Plumbline`}</title>
      <header className={classes.head}>
        <div>
          <p className={classes.crumb}>
            <Link to="/campaigns/$id" params={{ id: round.campaign.id }}>
              {round.campaign.name}
            </Link>
          </p>
          <h1>Round {round.number}</h1>
          <p className={classes.facts}>
            <strong>
              <RoundStateBadge state={round.state} />
            </strong>
            <span>
              since <RelativeTime at={round.entered_at} />
            </span>
            <span>
              from {round.start_policy.name}, {plural(round.recipe.comparisons, 'comparison')} of{' '}
              {round.recipe.k}, overlap {round.recipe.overlap}
            </span>
            {!isOver(round) && (
              <span className={classes.link} data-link={link} role="status">
                {LINK_WORDS[link]}
              </span>
            )}
          </p>
        </div>
        {!isOver(round) && (
          <ConfirmedAction
            round={round.id}
            action="cancel"
            label="Cancel round"
            question={`Cancel round ${round.number} for good? What was ranked is kept and can be exported.`}
            confirm={`Yes, cancel round ${round.number}`}
          />
        )}
      </header>
      <div className={classes.panel}>
        <StateLine round={round} shown={shown} />
      </div>
      {round.state === 'failed' && <FailurePanel round={round} />}
      <StepPanel round={round} step={shown} />
      <History events={round.events} />
    </div>
  )
}

function StepPanel({ round, step }: { round: Round; step: StepName }) {
  if (step === 'collecting') return <CollectingPanel round={round} />
  if (step === 'deciding') return <DecisionPanel round={round} />
  const stages = stagesOf(round, step)
  return (
    <>
      {stages.map((stage) => (
        <RunPanel key={stage} title={runTitle(stage, stages)} run={runOf(round, stage)} />
      ))}
      {step === 'sampling' && (
        <SamplesPanel round={round.id} hasSome={runOf(round, 'sample') !== undefined} />
      )}
    </>
  )
}
