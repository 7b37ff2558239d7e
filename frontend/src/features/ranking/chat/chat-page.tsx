import { useQueryClient } from '@tanstack/react-query'
import { useEffect } from 'react'
import { NothingWaits } from '@/features/ranking/components/nothing-waits'
import page from '@/features/ranking/components/ranking-page.module.css'
import { Workbench } from '@/features/ranking/components/workbench'
import { useRankingSession } from '@/features/ranking/hooks/use-ranking-session'
import { useMe } from '@/lib/session'
import type { CampaignForMember } from '@/lib/types'
import { chatQuery, chatRankingApi } from './chat-api'
import { withRankingOpen } from './chat-state'
import { Talk } from './talk'
import classes from './talk.module.css'
import { useChat } from './use-chat'

/** A conversation with the models: write, read the replies as they come, rank them, go on with the best. */
export function ChatPage({ campaign }: { campaign: CampaignForMember }) {
  const queries = useQueryClient()
  const { chat: heard, link } = useChat(campaign.id)
  const { session, state } = useRankingSession(campaign, useMe().id, { api: chatRankingApi })

  // Replies that are written are a comparison, and a ranking that has arrived moves the conversation on.
  const toRank = heard.conversation?.turns.at(-1)?.task?.uid
  useEffect(() => {
    if (toRank) void session.refill()
  }, [toRank, session])
  const unsent = state.outbox.waiting.filter((entry) => entry.campaign === campaign.id).length
  useEffect(() => {
    if (unsent === 0) void queries.invalidateQueries({ queryKey: chatQuery(campaign.id).queryKey })
  }, [unsent, campaign.id, queries])
  // One that was undone moves it back, and an answer to an earlier question says nothing of that; nor does
  // one that comes while a ranking is on its way.
  const held = state.queue[0]?.uid
  useEffect(() => {
    if (!held) return
    const { queryKey } = chatQuery(campaign.id)
    void queries.cancelQueries({ queryKey })
    queries.setQueryData(queryKey, (old) => old && withRankingOpen(old))
  }, [held, campaign.id, queries])
  const chat = unsent > 0 ? withRankingOpen(heard) : heard

  return (
    <Workbench
      title={`Chat: ${campaign.name}`}
      campaign={campaign}
      session={session}
      state={state}
      // Without a ranking there is nothing to go on with: a turn is ranked, or the conversation finished.
      settings={{ ...campaign.task, skip: false }}
      progress={state.progress ?? chat.progress}
      pending={unsent}
      className={classes.page}
    >
      {(undo) =>
        chat.conversation || chat.progress.waiting ? (
          <Talk
            campaign={campaign.id}
            chat={chat}
            link={link}
            outbox={state.outbox}
            canUndo={state.canUndo}
            isUndoing={state.isUndoing}
            onUndo={undo}
          />
        ) : (
          <div className={page.nothing}>
            <NothingWaits progress={chat.progress} canUndo={state.canUndo} onUndo={undo} />
          </div>
        )
      }
    </Workbench>
  )
}
