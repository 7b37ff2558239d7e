import { Progress } from '@mantine/core'
import { ButtonLink } from '@/components/button-link'
import { duration, figure, plural } from '@/lib/format'
import type { Round } from '@/lib/types'
import { ConfirmedAction } from './confirmed-action'
import classes from './collecting-panel.module.css'

/** What people have ranked, how fast, and how long the rest takes at that pace. */
export function CollectingPanel({ round }: { round: Round }) {
  const { submitted, wanted, comparisons, leased, retired, per_minute: pace = 0 } = round.collecting
  const left = Math.max(0, wanted - submitted)
  const figures: [string, string][] = [
    ['Ranked', `${submitted.toLocaleString('en')} of ${wanted.toLocaleString('en')}`],
    ['In hand now', plural(leased, 'comparison')],
    ['Pace, last five minutes', `${figure(pace)} a minute`],
    ['Time left at this pace', pace > 0 && left > 0 ? duration((60 * left) / pace) : '–'],
    ['Comparisons', comparisons.toLocaleString('en')],
    ['Given up after skips', retired.toLocaleString('en')],
  ]
  return (
    <section className={classes.panel} aria-label="Collecting rankings">
      <h2>Collecting rankings</h2>
      {wanted === 0 ? (
        <p className={classes.quiet}>The comparisons are made when sampling is done.</p>
      ) : (
        <>
          <Progress
            value={(100 * submitted) / wanted}
            size="lg"
            aria-label={`${submitted} of ${wanted} rankings are in`}
          />
          <dl className={classes.figures} data-testid="collecting">
            {figures.map(([name, value]) => (
              <div key={name}>
                <dt>{name}</dt>
                <dd>{value}</dd>
              </div>
            ))}
          </dl>
        </>
      )}
      {submitted > 0 && (
        <ButtonLink
          className={classes.read}
          to="/rounds/$id/review"
          params={{ id: round.id }}
          variant="default"
        >
          Read the rankings
        </ButtonLink>
      )}
      {round.state === 'collecting' && (
        <div className={classes.actions}>
          <ButtonLink
            to="/campaigns/$id"
            params={{ id: round.campaign.id }}
            search={{ tab: 'people' }}
            variant="default"
          >
            People who rank
          </ButtonLink>
          <ConfirmedAction
            round={round.id}
            action="finish-collecting"
            label="Finish collecting now"
            question={`Train on the ${plural(submitted, 'ranking')} that are in? The ${left} others are no longer asked for.`}
            confirm="Yes, finish collecting"
          />
        </div>
      )}
    </section>
  )
}
