import { queryOptions } from '@tanstack/react-query'
import * as ranking from '@/features/ranking/api/ranking-api'
import type { RankingApi } from '@/features/ranking/model/session-types'
import { get, post, put } from '@/lib/api'
import type { Chat, Conversation } from '@/lib/types'

const readChat = (campaign: number) => get<Chat>(`/campaigns/${campaign}/chat`)

/** One's open conversation in a campaign, and how far its round is. */
export const chatQuery = (campaign: number) =>
  queryOptions({ queryKey: ['chat', campaign], queryFn: () => readChat(campaign) })

export const begin = (campaign: number) => post<Conversation>(`/campaigns/${campaign}/chat`)

export const say = (uid: string, number: number, text: string) =>
  post<Conversation>(`/conversations/${uid}/turns`, { number, text })

export type TurnAction = 'retry' | 'take-back' | 'finish'

export const act = (uid: string, action: TurnAction) =>
  post<Conversation>(`/conversations/${uid}/${action}`)

export const keepPrompt = (uid: string, text: string) =>
  put<undefined>(`/conversations/${uid}/draft`, { text })

/** Ranking in a chat: what waits is the turn whose replies are written, and nobody else's. */
export const chatRankingApi: RankingApi = {
  ...ranking,
  lease: async (campaign) => {
    const { conversation, progress } = await readChat(campaign)
    const task = conversation?.turns.at(-1)?.task
    return { assignments: task ? [task] : [], progress }
  },
}
