import { useState } from 'react'
import { useKeySettings } from '@/features/ranking/hooks/use-key-settings'
import { useRankingKeys } from '@/features/ranking/hooks/use-ranking-keys'
import { useRankingSession } from '@/features/ranking/hooks/use-ranking-session'
import { useViewSettings } from '@/features/ranking/hooks/use-view-settings'
import type { Command } from '@/features/ranking/model/keys'
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

type Open = 'nothing' | 'skip' | 'reason'

export function RankingPage({ campaign }: { campaign: CampaignForMember }) {
  const { session, state } = useRankingSession(campaign, useMe().id)
  const keys = useKeySettings()
  const [open, setOpen] = useState<Open>('nothing')
  const [isGuidelinesOpen, setGuidelinesOpen] = useState(false)
  const [isKeySheetOpen, setKeySheetOpen] = useState(false)
  const view = useViewSettings()
  const [isDragging, setDragging] = useState(false)
  const [nudges, setNudges] = useState(0)
  const [task] = state.queue
  const k = task?.completions.length ?? 0

  const submit = () => {
    const missing = session.submit()
    setOpen(missing?.kind === 'rationale' ? 'reason' : 'nothing')
    setNudges(missing ? (count) => count + 1 : 0)
  }
  const run = (command: Command) => {
    switch (command.type) {
      case 'draft':
        return session.dispatch(command.action)
      case 'focus-gap':
        return session.dispatch({ type: 'focus-gap', index: state.draft.gapFocus + command.by })
      case 'back':
        return session.dispatch({ type: 'back' })
      case 'submit':
        return submit()
      case 'undo':
        return void session.undo()
      case 'skip':
        return setOpen(task && campaign.task.skip ? 'skip' : 'nothing')
      case 'all-bad':
        return campaign.task.all_bad ? session.dispatch({ type: 'toggle-all-bad' }) : undefined
      case 'reason':
        return setOpen(campaign.task.rationale === 'off' ? 'nothing' : 'reason')
      case 'guidelines':
        return setGuidelinesOpen((isOpen) => !isOpen)
      case 'differences':
        return view.toggleDifferences()
      case 'together':
        return view.toggleTogether()
      case 'keys':
        return setKeySheetOpen(true)
    }
  }
  useRankingKeys(k, keys.isOn && !isDragging ? keys.keymap : null, run)

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
        k={k}
        settings={keys}
        onClose={() => setKeySheetOpen(false)}
      />
    </div>
  )
}
