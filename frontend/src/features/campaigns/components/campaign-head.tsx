import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { RoundStateBadge } from '@/components/round-state'
import { plural } from '@/lib/format'
import type { Campaign } from '@/lib/types'
import classes from './campaign-head.module.css'

/** What a campaign is, in one line, and what one does next in it. */
export function CampaignHead({ campaign, action }: { campaign: Campaign; action: ReactNode }) {
  const { prompts, open_round: round } = campaign
  return (
    <header className={classes.head}>
      <div>
        <h1>{campaign.name}</h1>
        <p className={classes.facts}>
          <span>
            Champion <strong>{campaign.champion?.name ?? campaign.model}</strong>
          </span>
          <span>{`${plural(prompts.train, 'prompt')}, ${prompts.heldout.toLocaleString('en')} held out`}</span>
          <span>{plural(campaign.members, 'member')}</span>
          {round?.id && (
            <Link to="/rounds/$id" params={{ id: round.id }}>
              Round {round.number}: <RoundStateBadge state={round.state} />
            </Link>
          )}
          {campaign.archived_at && <span>archived</span>}
        </p>
      </div>
      {action}
    </header>
  )
}
