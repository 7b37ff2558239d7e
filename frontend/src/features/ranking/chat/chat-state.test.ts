import { describe, expect, it } from 'vitest'
import type { Chat, ChatTurn, Conversation } from '@/lib/types'
import { promptFault, said, withMessage, withRankingOpen } from './chat-state'

const turn = (number: number, chosen: number | null, texts: string[]): ChatTurn => ({
  number,
  attempt: 1,
  text: `message ${number}`,
  state: chosen === null ? 'writing' : 'ranked',
  replies: texts.map((text, position) => ({ position, text })),
  chosen,
  failure: '',
  may_retry: false,
  task: null,
})

const conversation: Conversation = {
  uid: 'c',
  campaign: 3,
  round: 1,
  turns: [turn(1, 1, ['no', 'yes']), turn(2, null, ['Dear', ''])],
  draft: '',
  ended: false,
  next: 'wait',
  reason: '',
}

const chat: Chat = {
  conversation,
  progress: {
    round: 1,
    state: 'collecting',
    mine: 1,
    mine_total: null,
    done: 1,
    wanted: 9,
    waiting: true,
    reason: 'ok',
  },
  turn_limit: 4,
  prompt_min: 2,
  prompt_max: 5,
}

const words = (after: Chat) =>
  after.conversation?.turns.map(({ replies }) => replies.map(({ text }) => text))

describe('a conversation as its page follows it', () => {
  it('adds each piece to its own reply of its own turn', () => {
    const piece = { kind: 'text', turn: 2, position: 0, text: ' Nora', restart: false } as const
    expect(words(withMessage(chat, piece))).toEqual([
      ['no', 'yes'],
      ['Dear Nora', ''],
    ])
  })

  it('begins a reply anew when it is told to', () => {
    const piece = { kind: 'text', turn: 2, position: 0, text: 'Hi', restart: true } as const
    expect(words(withMessage(chat, piece))?.[1]).toEqual(['Hi', ''])
  })

  it('leaves everything as it is for a turn that it does not have, and for a ping', () => {
    const piece = { kind: 'text', turn: 7, position: 0, text: 'Hi', restart: false } as const
    expect(withMessage(chat, piece)).toEqual(chat)
    expect(withMessage(chat, { kind: 'ping' })).toBe(chat)
  })

  it('takes the whole as the server sends it, and makes room once it has ended', () => {
    const longer = { ...conversation, turns: conversation.turns.slice(0, 1) }
    const whole = withMessage(chat, { kind: 'conversation', conversation: longer })
    expect(whole.conversation).toBe(longer)
    const ended = { ...conversation, ended: true }
    expect(withMessage(chat, { kind: 'conversation', conversation: ended }).conversation).toBeNull()
  })

  it('is read as what was asked and the reply that it went on with', () => {
    expect(said(conversation.turns)).toEqual([
      { role: 'user', content: 'message 1' },
      { role: 'assistant', content: 'yes' },
      { role: 'user', content: 'message 2' },
    ])
  })
})

describe('a message', () => {
  it.each([
    ['', 'At least 2 characters; these are 0.'],
    ['  x  ', 'At least 2 characters; these are 1.'],
    ['abcdef', 'At most 5 characters; these are 6.'],
    ['👍👍👍👍👍', null],
    ['abc', null],
  ])('%j is told what is wrong with it: %s', (text, fault) => {
    expect(promptFault(text, chat)).toBe(fault)
  })
})

describe('withRankingOpen', () => {
  it('takes back that the last turn was ranked, and leaves any other state alone', () => {
    const turns = [turn(1, 1, ['no', 'yes'])]
    const ranked = { ...chat, conversation: { ...conversation, turns, next: 'write' as const } }
    const open = withRankingOpen(ranked).conversation
    expect(open?.next).toBe('rank')
    expect(open?.turns[0]).toMatchObject({ state: 'ready', chosen: null })
    expect(withRankingOpen(chat)).toBe(chat)
    expect(withRankingOpen({ ...chat, conversation: null }).conversation).toBeNull()
  })
})
