import { useRankingSession } from '@/features/ranking/hooks/use-ranking-session'
import { useMe } from '@/lib/session'
import type { CampaignForMember, MineAnnotation } from '@/lib/types'
import { SaveWord } from './action-bar'
import { Amended } from './amended'
import { NothingWaits } from './nothing-waits'
import classes from './ranking-page.module.css'
import { Workbench } from './workbench'

interface RankingPageProps {
  campaign: CampaignForMember
  /** One of one's own annotations that is to be changed, instead of ranking what waits. */
  amend?: MineAnnotation
  onAmended?: () => void
}

export function RankingPage({ campaign, amend, onAmended }: RankingPageProps) {
  const { session, state } = useRankingSession(campaign, useMe().id, { amend, onAmended })
  return (
    <Workbench
      title={`Rank: ${campaign.name}`}
      campaign={campaign}
      session={session}
      state={state}
      // What is answered already can be changed, and not be given back.
      settings={amend ? { ...campaign.task, skip: false } : campaign.task}
      progress={state.progress}
      pending={state.outbox.waiting.filter((entry) => entry.what.kind === 'submit').length}
    >
      {(undo) => (
        <div className={classes.nothing}>
          {state.isStarting ? (
            <p role="status">Fetching your first comparison …</p>
          ) : (
            <>
              {amend ? (
                <Amended campaign={campaign.id} annotation={amend.uid} />
              ) : (
                <NothingWaits progress={state.progress} canUndo={state.canUndo} onUndo={undo} />
              )}
              <SaveWord outbox={state.outbox} isOffline={state.isOffline} />
            </>
          )}
        </div>
      )}
    </Workbench>
  )
}
