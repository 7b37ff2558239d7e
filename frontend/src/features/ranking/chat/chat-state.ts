import type { Chat, ChatMessage, ChatTurn, Conversation, Message } from '@/lib/types'

/** The chat after a message of its websocket. */
export function withMessage(chat: Chat, message: ChatMessage): Chat {
  if (message.kind === 'conversation') return withConversation(chat, message.conversation)
  if (message.kind === 'ping' || !chat.conversation) return chat
  const { turn: number, position, text, restart } = message
  const turns = chat.conversation.turns.map((turn) =>
    turn.number === number
      ? {
          ...turn,
          replies: turn.replies.map((reply) =>
            reply.position === position
              ? { ...reply, text: restart ? text : reply.text + text }
              : reply,
          ),
        }
      : turn,
  )
  return { ...chat, conversation: { ...chat.conversation, turns } }
}

/** A conversation that has ended makes room for another. */
export function withConversation(chat: Chat, conversation: Conversation): Chat {
  return { ...chat, conversation: conversation.ended ? null : conversation }
}

/**
 * The conversation while its last turn is at the annotator or its ranking is on its way: nothing goes on yet,
 * whatever was heard of it before. A ranking that was taken back leaves it like that too.
 */
export function withRankingOpen(chat: Chat): Chat {
  const { conversation } = chat
  const last = conversation?.turns.at(-1)
  if (!conversation || last?.state !== 'ranked') return chat
  const open: ChatTurn = { ...last, state: 'ready', chosen: null }
  const turns = [...conversation.turns.slice(0, -1), open]
  return { ...chat, conversation: { ...conversation, turns, next: 'rank', reason: '' } }
}

/** The conversation as it is read: every turn that was settled, and the message of the last one. */
export function said(turns: ChatTurn[]): Message[] {
  return turns.flatMap((turn) => {
    const reply = turn.replies.find(({ position }) => position === turn.chosen)
    const message: Message = { role: 'user', content: turn.text }
    return reply ? [message, { role: 'assistant', content: reply.text }] : [message]
  })
}

export interface Limits {
  prompt_min: number
  prompt_max: number
}

/** Why a message cannot be sent, or null. Characters count as the server counts them. */
export function promptFault(text: string, { prompt_min: least, prompt_max: most }: Limits) {
  const length = [...text.trim()].length
  if (length < least) {
    return least === 1
      ? 'Write something first.'
      : `At least ${least} characters; these are ${length}.`
  }
  const whole = [...text].length
  return whole > most ? `At most ${most} characters; these are ${whole}.` : null
}
