import { useSuspenseQuery } from '@tanstack/react-query'
import { ButtonLink } from '@/components/button-link'
import { LineChart } from '@/components/line-chart'
import { ownPageQuery } from '@/features/own-page/api/own-page'
import { byDay } from '@/features/own-page/model/days'
import { duration, plural } from '@/lib/format'
import type { CampaignForMember, OwnPage as OwnNumbers } from '@/lib/types'
import { AgreementPanel } from './agreement-panel'
import { FeedbackPanel } from './feedback-panel'
import classes from './own-page.module.css'

/** How one's own work goes, for nobody but oneself. */
export function OwnPage({ campaign }: { campaign: CampaignForMember }) {
  const { data: own } = useSuspenseQuery(ownPageQuery(campaign.id))
  return (
    <div className={classes.page}>
      <title>{`My page: ${campaign.name} · Plumbline`}</title>
      <header className={classes.head}>
        <div>
          <h1>My page</h1>
          <p>{campaign.name}. Only you see this page.</p>
        </div>
        <div className={classes.actions}>
          <ButtonLink to="/campaigns/$id/history" params={{ id: campaign.id }} variant="default">
            My rankings
          </ButtonLink>
          {campaign.mine.waiting && (
            <ButtonLink to="/campaigns/$id/rank" params={{ id: campaign.id }}>
              Go on ranking
            </ButtonLink>
          )}
        </div>
      </header>
      <FeedbackPanel campaign={campaign.id} />
      <Figures own={own} />
      <AgreementPanel campaign={campaign.id} others={own.agreement} />
      <Skips own={own} />
    </div>
  )
}

function Figures({ own }: { own: OwnNumbers }) {
  const { xs, ys } = byDay(own.days, new Date())
  const figures: [string, string][] = [
    ['Today', plural(own.today, 'comparison')],
    ['At work today', duration(own.active_seconds_today)],
    ['Usual time for one', own.pace_seconds === null ? '–' : duration(own.pace_seconds)],
    ['In all', plural(own.total, 'comparison')],
  ]
  return (
    <section className={classes.panel} aria-labelledby="figures">
      <h2 id="figures">{own.today > 0 ? 'Today: thank you' : 'Nothing yet today'}</h2>
      <dl className={classes.figures}>
        {figures.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      {own.days.length > 1 && (
        <LineChart title="Comparisons a day" xLabel="day, 0 is today" xs={xs} ys={ys} />
      )}
      <p className={classes.quiet}>
        A comparison takes as long as it takes. Only time at work is counted: no pauses, no hidden
        page.
      </p>
    </section>
  )
}

function Skips({ own }: { own: OwnNumbers }) {
  if (own.skipped === 0) return null
  return (
    <section className={classes.panel} aria-labelledby="skips">
      <h2 id="skips">{plural(own.skipped, 'comparison')} given back</h2>
      <p className={classes.quiet}>
        Giving one back is part of the work: it goes to somebody else, and counts against nobody.
      </p>
      <ul className={classes.list}>
        {own.skips.map((skip, index) => (
          <li key={index}>
            <span className={classes.prompt} dir="auto">
              {skip.prompt.at(-1)?.content}
            </span>
            <span className={classes.quiet} dir="auto">
              Round {skip.round}
              {skip.reason ? `: ${skip.reason}` : ', without a reason'}
            </span>
          </li>
        ))}
      </ul>
    </section>
  )
}
