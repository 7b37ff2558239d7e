import { useQueryClient, useSuspenseQuery } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import type { ChatMessage } from '@/lib/types'
import type { LinkState } from '@/lib/steady-socket'
import { SteadySocket } from '@/lib/steady-socket'
import { chatQuery } from './chat-api'
import { withMessage } from './chat-state'

const POLL_MS = 10_000
const POLL_WITHOUT_LINE_MS = 3_000

/** One's conversation in a campaign, kept true by its websocket, or by asking while that is down. */
export function useChat(campaign: number) {
  const queries = useQueryClient()
  const [link, setLink] = useState<LinkState>('connecting')
  const { data: chat } = useSuspenseQuery({
    ...chatQuery(campaign),
    refetchInterval: ({ state }) => {
      if (!state.data?.conversation) return POLL_MS
      return link === 'live' ? false : POLL_WITHOUT_LINE_MS
    },
  })
  const uid = chat.conversation?.uid
  useEffect(() => {
    if (!uid) return
    const socket = new SteadySocket({
      path: () => `/ws/conversations/${uid}`,
      onLink: setLink,
      onMessage: (data) => {
        const message = JSON.parse(data) as ChatMessage
        queries.setQueryData(
          chatQuery(campaign).queryKey,
          (old) => old && withMessage(old, message),
        )
      },
    })
    const hurry = () => socket.hurry()
    window.addEventListener('online', hurry)
    return () => {
      window.removeEventListener('online', hurry)
      socket.close()
    }
  }, [uid, campaign, queries])
  return { chat, link }
}
