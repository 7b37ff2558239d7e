import { useQueryClient } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import { GuidelinesPanel } from '@/features/ranking/components/guidelines-panel'
import { KeySheet } from '@/features/ranking/components/key-sheet'
import { NothingWaits } from '@/features/ranking/components/nothing-waits'
import page from '@/features/ranking/components/ranking-page.module.css'
import { SessionNotices } from '@/features/ranking/components/session-notices'
import { TaskView } from '@/features/ranking/components/task-view'
import { TopBar } from '@/features/ranking/components/top-bar'
import { useCommands } from '@/features/ranking/hooks/use-commands'
import { useKeySettings } from '@/features/ranking/hooks/use-key-settings'
import { useRankingSession } from '@/features/ranking/hooks/use-ranking-session'
import { useViewSettings } from '@/features/ranking/hooks/use-view-settings'
import { useMe } from '@/lib/session'
import type { CampaignForMember } from '@/lib/types'
import { chatQuery, chatRankingApi } from './chat-api'
import { Talk } from './talk'
import classes from './talk.module.css'
import { useChat } from './use-chat'

/** A conversation with the models: write, read the replies as they come, rank them, go on with the best. */
export function ChatPage({ campaign }: { campaign: CampaignForMember }) {
  const queries = useQueryClient()
  const { chat, link } = useChat(campaign.id)
  const { session, state } = useRankingSession(campaign, useMe().id, { api: chatRankingApi })
  // Without a ranking there is nothing to go on with: a turn is ranked, or the conversation finished.
  const settings = { ...campaign.task, skip: false }
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

  // Replies that are written are a comparison, and a ranking that has arrived moves the conversation on.
  const toRank = chat.conversation?.turns.at(-1)?.task?.uid
  useEffect(() => {
    if (toRank) void session.refill()
  }, [toRank, session])
  const unsent = state.outbox.waiting.length
  useEffect(() => {
    if (unsent === 0) void queries.invalidateQueries({ queryKey: chatQuery(campaign.id).queryKey })
  }, [unsent, campaign.id, queries])

  return (
    <div className={`${page.page} ${classes.page}`}>
      <title>{`Chat: ${campaign.name} · Plumbline`}</title>
      <TopBar
        campaign={campaign.name}
        progress={state.progress ?? chat.progress}
        pending={unsent}
        keymap={keys.keymap}
        isGuidelinesOpen={isGuidelinesOpen}
        onGuidelines={() => run({ type: 'guidelines' })}
        onKeys={() => run({ type: 'keys' })}
      />
      <main className={page.main}>
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
        ) : chat.conversation || chat.progress.waiting ? (
          <Talk
            campaign={campaign.id}
            chat={chat}
            link={link}
            outbox={state.outbox}
            canUndo={state.canUndo}
            isUndoing={state.isUndoing}
            onUndo={() => run({ type: 'undo' })}
          />
        ) : (
          <div className={page.nothing}>
            <NothingWaits
              progress={chat.progress}
              canUndo={state.canUndo}
              onUndo={() => run({ type: 'undo' })}
            />
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
