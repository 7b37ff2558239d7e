import { useState } from 'react'
import { useCommands } from '@/features/ranking/hooks/use-commands'
import { useKeySettings } from '@/features/ranking/hooks/use-key-settings'
import { useRankingSession } from '@/features/ranking/hooks/use-ranking-session'
import { useViewSettings } from '@/features/ranking/hooks/use-view-settings'
import { useMe } from '@/lib/session'
import type { CampaignForMember, MineAnnotation } from '@/lib/types'
import { Amended } from './amended'
import { GuidelinesPanel } from './guidelines-panel'
import { KeySheet } from './key-sheet'
import { NothingWaits } from './nothing-waits'
import classes from './ranking-page.module.css'
import { SaveWord } from './action-bar'
import { SessionNotices } from './session-notices'
import { TaskView } from './task-view'
import { TopBar } from './top-bar'

interface RankingPageProps {
  campaign: CampaignForMember
  /** One of one's own annotations that is to be changed, instead of ranking what waits. */
  amend?: MineAnnotation
  onAmended?: () => void
}

export function RankingPage({ campaign, amend, onAmended }: RankingPageProps) {
  const { session, state } = useRankingSession(campaign, useMe().id, { amend, onAmended })
  // What is answered already can be changed, and not be given back.
  const settings = amend ? { ...campaign.task, skip: false } : campaign.task
  const keys = useKeySettings()
  const [isGuidelinesOpen, setGuidelinesOpen] = useState(false)
  const [isKeySheetOpen, setKeySheetOpen] = useState(false)
  const view = useViewSettings()
  const [isDragging, setDragging] = useState(false)
  const [task] = state.queue

  const { run, open, setOpen, nudges, moves, asked, offers } = useCommands({
    session,
    state,
    settings,
    keymap: keys.isOn && !isDragging ? keys.keymap : null,
    view,
    onGuidelines: () => setGuidelinesOpen((isOpen) => !isOpen),
    onKeys: () => setKeySheetOpen(true),
  })

  return (
    <div className={classes.page}>
      <title>{`Rank: ${campaign.name} · Plumbline`}</title>
      <TopBar
        campaign={campaign.name}
        progress={state.progress}
        pending={state.outbox.waiting.filter((entry) => entry.what.kind === 'submit').length}
        keymap={keys.keymap}
        isGuidelinesOpen={isGuidelinesOpen}
        onGuidelines={() => run({ type: 'guidelines' })}
        onKeys={() => run({ type: 'keys' })}
      />
      <main className={classes.main}>
        <SessionNotices campaign={campaign.id} session={session} state={state} />
        {task ? (
          <TaskView
            key={task.uid}
            task={task}
            state={state}
            session={session}
            settings={settings}
            keymap={keys.keymap}
            view={view}
            open={open}
            nudges={nudges}
            moves={moves}
            onOpen={setOpen}
            onDragging={setDragging}
            run={run}
          />
        ) : (
          <div className={classes.nothing}>
            {state.isStarting ? (
              <p role="status">Fetching your first comparison …</p>
            ) : (
              <>
                {amend ? (
                  <Amended campaign={campaign.id} annotation={amend.uid} />
                ) : (
                  <NothingWaits
                    progress={state.progress}
                    canUndo={state.canUndo}
                    onUndo={() => run({ type: 'undo' })}
                  />
                )}
                <SaveWord outbox={state.outbox} />
              </>
            )}
          </div>
        )}
      </main>
      {isGuidelinesOpen && (
        <GuidelinesPanel text={campaign.guidelines} onClose={() => setGuidelinesOpen(false)} />
      )}
      <KeySheet
        isOpen={isKeySheetOpen}
        asked={asked}
        offers={offers}
        settings={keys}
        onClose={() => setKeySheetOpen(false)}
      />
    </div>
  )
}
