import { useState } from 'react'
import { useCommands } from '@/features/ranking/hooks/use-commands'
import { useKeySettings } from '@/features/ranking/hooks/use-key-settings'
import { useRankingSession } from '@/features/ranking/hooks/use-ranking-session'
import { useViewSettings } from '@/features/ranking/hooks/use-view-settings'
import { useMe } from '@/lib/session'
import type { CampaignForMember } from '@/lib/types'
import { Alert, Button } from '@mantine/core'
import { GuidelinesPanel } from './guidelines-panel'
import { KeySheet } from './key-sheet'
import { NothingWaits } from './nothing-waits'
import classes from './ranking-page.module.css'
import { RefusedNotice } from './refused-notice'
import { SaveWord } from './action-bar'
import { TaskView } from './task-view'
import { TopBar } from './top-bar'

export function RankingPage({ campaign }: { campaign: CampaignForMember }) {
  const { session, state } = useRankingSession(campaign, useMe().id)
  const keys = useKeySettings()
  const [isGuidelinesOpen, setGuidelinesOpen] = useState(false)
  const [isKeySheetOpen, setKeySheetOpen] = useState(false)
  const view = useViewSettings()
  const [isDragging, setDragging] = useState(false)
  const [task] = state.queue

  const { run, open, setOpen, nudges, moves, asked, offers } = useCommands({
    session,
    state,
    settings: campaign.task,
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
        <div className={classes.notices}>
          {state.notice && (
            <Alert
              role="alert"
              color="yellow"
              withCloseButton
              closeButtonLabel="Close this notice"
              onClose={() => session.dismissNotice()}
            >
              {state.notice}
            </Alert>
          )}
          {state.outbox.trouble === 'login' && (
            <Alert
              role="alert"
              color="yellow"
              title="You are logged out; your rankings are kept here."
            >
              <Button size="compact-sm" onClick={() => window.location.reload()}>
                Log in again
              </Button>
            </Alert>
          )}
          {state.outbox.refused.map((entry) => (
            <RefusedNotice
              key={entry.clientId}
              entry={entry}
              onForget={() => session.forgetRefused(entry.clientId)}
            />
          ))}
        </div>
        {task ? (
          <TaskView
            key={task.uid}
            task={task}
            state={state}
            session={session}
            settings={campaign.task}
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
                <NothingWaits
                  progress={state.progress}
                  canUndo={state.canUndo}
                  onUndo={() => run({ type: 'undo' })}
                />
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
