import { useState, type ReactNode } from 'react'
import { useCommands } from '@/features/ranking/hooks/use-commands'
import { useKeySettings } from '@/features/ranking/hooks/use-key-settings'
import { useViewSettings } from '@/features/ranking/hooks/use-view-settings'
import type { RankingSession } from '@/features/ranking/model/ranking-session'
import type { RankingState } from '@/features/ranking/model/session-types'
import type { CampaignForMember, RankingProgress, TaskSettings } from '@/lib/types'
import { GuidelinesPanel } from './guidelines-panel'
import { KeySheet } from './key-sheet'
import classes from './ranking-page.module.css'
import { SessionNotices } from './session-notices'
import { TaskView } from './task-view'
import { TopBar } from './top-bar'

interface WorkbenchProps {
  /** The name of the window. */
  title: string
  campaign: CampaignForMember
  session: RankingSession
  state: RankingState
  settings: TaskSettings
  progress: RankingProgress | null
  /** Rankings that are under way to the server. */
  pending: number
  className?: string
  /** What stands there while nothing is to be ranked; `undo` takes the last ranking back. */
  children: (undo: () => void) => ReactNode
}

/** The bench around a comparison: the bar, the keys, the guidelines, and the comparison itself. */
export function Workbench(props: WorkbenchProps) {
  const { campaign, session, state, settings } = props
  const keys = useKeySettings()
  const view = useViewSettings()
  const [isGuidelinesOpen, setGuidelinesOpen] = useState(false)
  const [isKeySheetOpen, setKeySheetOpen] = useState(false)
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
    <div className={`${classes.page} ${props.className ?? ''}`}>
      <title>{`${props.title} · Plumbline`}</title>
      <TopBar
        campaign={campaign.name}
        progress={props.progress}
        pending={props.pending}
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
          props.children(() => run({ type: 'undo' }))
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
