import { Link } from '@tanstack/react-router'
import { ButtonLink } from '@/components/button-link'
import { plural } from '@/lib/format'
import type { CampaignForMember } from '@/lib/types'
import classes from './waiting-list.module.css'

const byWaiting = (one: CampaignForMember, other: CampaignForMember) =>
  Number(other.mine.waiting) - Number(one.mine.waiting)

/** The annotator's campaigns, those with work first; the first of them is the page's one primary action. */
export function WaitingList({ campaigns }: { campaigns: CampaignForMember[] }) {
  const sorted = [...campaigns].sort(byWaiting)
  const waiting = sorted.filter((campaign) => campaign.mine.waiting).length
  return (
    <>
      <p>
        {waiting > 0
          ? `Comparisons wait for you in ${plural(waiting, 'campaign')}.`
          : 'Nothing waits for you right now. This page looks again by itself.'}
      </p>
      <ul className={classes.list}>
        {sorted.map((campaign, index) => (
          <li key={campaign.id} className={classes.item}>
            <div>
              <h2>{campaign.name}</h2>
              <p>{stateSentence(campaign)}</p>
              <p className={classes.own}>
                <Link to="/campaigns/$id/me" params={{ id: campaign.id }}>
                  My page<span className="visually-hidden"> in {campaign.name}</span>
                </Link>
                <Link to="/campaigns/$id/history" params={{ id: campaign.id }}>
                  My rankings<span className="visually-hidden"> in {campaign.name}</span>
                </Link>
              </p>
            </div>
            {campaign.mine.waiting && (
              <ButtonLink
                to="/campaigns/$id/rank"
                params={{ id: campaign.id }}
                size="md"
                variant={index === 0 ? 'filled' : 'default'}
              >
                {campaign.kind === 'chat' ? 'Start chatting' : 'Start ranking'}
              </ButtonLink>
            )}
          </li>
        ))}
      </ul>
    </>
  )
}

function stateSentence({ kind, open_round: round, mine }: CampaignForMember): string {
  if (!round) return 'No round is open.'
  if (mine.waiting && kind === 'chat') return `Round ${round.number}: write, and rank the replies.`
  if (mine.waiting) return `Round ${round.number} is collecting rankings.`
  return round.state === 'collecting'
    ? `Round ${round.number}: you have ranked all that waits for you.`
    : `Round ${round.number} is at work; it needs no rankings now.`
}
