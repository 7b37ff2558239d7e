import { describe, expect, it } from 'vitest'
import { settingsWith } from '@/lib/settings-for-tests'
import type { Attribute, TaskSettings } from '@/lib/types'
import type { Draft, DraftAction } from './draft'
import { askedNow, draftReducer, EMPTY_DRAFT, nextStep } from './draft'
import { askedBy, nothingSaid, saidOf, sendable } from './judging'
import { changedWords, judgementWords, wantedKeys } from './words'

const HELPFUL: Attribute = {
  name: 'helpful',
  label: 'Helpfulness',
  kind: 'likert',
  levels: 5,
  required: false,
}
const TONE: Attribute = {
  name: 'tone',
  label: 'Tone',
  kind: 'choice',
  options: ['warm', 'curt', 'flat'],
  multiple: true,
  required: false,
}

function play(task: Partial<TaskSettings>, k: number, ...actions: DraftAction[]) {
  const asked = askedBy(settingsWith(task), k)
  const draft = actions.reduce((so: Draft, action) => draftReducer(so, action, asked), EMPTY_DRAFT)
  return { draft, asked, now: askedNow(draft, asked), next: nextStep(draft, asked) }
}

/** An answer by key, after which the keyboard goes on by itself. */
const press = (option: number): DraftAction[] => [{ type: 'answer', option }, { type: 'go-on' }]
const RANKED: DraftAction[] = [{ type: 'strip', choice: 0 }, { type: 'go-on' }]
const at = (position: number, question: string) => ({ kind: 'judge', at: { position, question } })

describe('judging each answer', () => {
  it('asks nothing of an answer where everything is off', () => {
    const { asked, now } = play({}, 2, ...RANKED)
    expect(asked.questions).toEqual([])
    expect(now).toEqual({ kind: 'submit' })
  })

  it('leads through every question, card by card, once the ranking stands', () => {
    const task = { safety: 'on', attributes: [HELPFUL] } as const
    const steps = [0, 1, 2, 3, 4].map(
      (count) =>
        play(
          { ...task, attributes: [HELPFUL] },
          2,
          ...RANKED,
          ...[0, 3, 1, 4].slice(0, count).flatMap(press),
        ).now,
    )
    expect(steps).toEqual([
      at(0, 'safe'),
      at(0, 'attribute.helpful'),
      at(1, 'safe'),
      at(1, 'attribute.helpful'),
      at(1, 'attribute.helpful'),
    ])
    const { draft, asked } = play(
      { ...task, attributes: [HELPFUL] },
      2,
      ...RANKED,
      ...[0, 3, 1, 4].flatMap(press),
    )
    expect(sendable(draft.said, asked)).toEqual([
      { ...nothingSaid(0), safe: true, attributes: { helpful: 4 } },
      { ...nothingSaid(1), safe: false, attributes: { helpful: 5 } },
    ])
  })

  it('holds back the submit for what is required only', () => {
    expect(play({ safety: 'on' }, 2, ...RANKED).next).toEqual({ kind: 'submit' })
    expect(play({ safety: 'required' }, 2, ...RANKED).next).toEqual(at(0, 'safe'))
    expect(play({ safety: 'required' }, 2, ...RANKED, ...press(1)).next).toEqual(at(1, 'safe'))
    expect(play({ safety: 'required' }, 2, ...RANKED, ...press(1), ...press(0)).next).toEqual({
      kind: 'submit',
    })
  })

  it('can be done before the ranking, to which it then leads', () => {
    const first: DraftAction[] = [{ type: 'step', by: 1 }, ...press(0), ...press(0)]
    const { draft, now } = play({ safety: 'on' }, 2, ...first)
    expect(draft.cursor).toBeNull()
    expect(now).toEqual({ kind: 'place', place: 0 })
  })

  it('waits at a question of many answers until it is left', () => {
    const task = { attributes: [TONE] }
    const { draft, now } = play(
      task,
      2,
      ...RANKED,
      ...press(2),
      ...press(0),
      ...press(1),
      ...press(1),
    )
    expect(now).toEqual(at(0, 'attribute.tone'))
    expect(saidOf(draft.said, 0).attributes).toEqual({ tone: ['warm', 'flat'] })
    expect(play(task, 2, ...RANKED, ...press(2), { type: 'step', by: 1 }).now).toEqual(
      at(1, 'attribute.tone'),
    )
  })

  it('takes back the last answer first, and then the ranking', () => {
    const back: DraftAction = { type: 'back' }
    const one = play({ safety: 'on' }, 2, ...RANKED, ...press(0), back)
    expect(saidOf(one.draft.said, 0).safe).toBeNull()
    expect(one.now).toEqual(at(0, 'safe'))
    const two = play({ safety: 'on' }, 2, ...RANKED, ...press(0), back, back)
    expect(two.draft).toMatchObject({ gaps: [undefined], cursor: null })
  })

  it('takes an answer back when its button is pressed again', () => {
    const choose: DraftAction = { type: 'choose', position: 1, question: 'safe', option: 1 }
    expect(saidOf(play({ safety: 'on' }, 2, choose).draft.said, 1).safe).toBe(false)
    expect(saidOf(play({ safety: 'on' }, 2, choose, choose).draft.said, 1).safe).toBeNull()
  })

  it('goes to a card by its letter once nothing is left to place', () => {
    const letter = (position: number): DraftAction => ({ type: 'place', position })
    const ranked: DraftAction[] = [letter(0), letter(1), { type: 'gap', gap: 1 }]
    expect(play({ safety: 'on' }, 3, ...ranked, letter(2)).draft.cursor).toBeNull()
    const all: DraftAction[] = [...ranked, { type: 'gap', gap: 1 }]
    expect(play({ safety: 'on' }, 3, ...all, letter(2)).now).toEqual(at(2, 'safe'))
  })

  it('keeps the note of a flag that stays, and drops it with the flag', () => {
    const flag = (option: number): DraftAction => ({
      type: 'choose',
      position: 0,
      question: 'flags',
      option,
    })
    const note: DraftAction = { type: 'note', position: 0, reason: 'other', text: 'spam' }
    const raised = play({ flag: true }, 2, flag(1), note, flag(0)).draft
    expect(saidOf(raised.said, 0).flags).toEqual([
      { reason: 'harmful', note: '' },
      { reason: 'other', note: 'spam' },
    ])
    const lowered = play({ flag: true }, 2, flag(1), note, flag(1), flag(1)).draft
    expect(saidOf(lowered.said, 0).flags).toEqual([{ reason: 'other', note: '' }])
  })

  it('leads nobody to the flags', () => {
    expect(play({ flag: true }, 2, ...RANKED).now).toEqual({ kind: 'submit' })
  })
})

describe('a one-sided campaign', () => {
  it('asks a thumb of each answer and no ranking', () => {
    const task = { thumbs: 'instead' } as const
    expect(play(task, 3).now).toEqual(at(0, 'thumb'))
    const { draft, next, now } = play(task, 3, ...press(0), ...press(1), ...press(0))
    expect(draft.said.map(({ thumb }) => thumb)).toEqual(['up', 'down', 'up'])
    expect(next).toEqual({ kind: 'submit' })
    expect(now).toEqual(at(2, 'thumb'))
  })

  it('takes back one answer after the other, and stops at the first', () => {
    const back: DraftAction = { type: 'back' }
    const { draft } = play({ thumbs: 'instead' }, 2, ...press(0), ...press(1), back, back, back)
    expect(draft.said.map(({ thumb }) => thumb)).toEqual([null, null])
  })
})

describe('what is sent', () => {
  it('is only what the campaign asks now, and only what was said', () => {
    const said = [
      {
        ...nothingSaid(0),
        safe: true,
        thumb: 'up' as const,
        attributes: { helpful: 9, tone: ['warm', 'cold'], old: 1 },
        flags: [{ reason: 'gone', note: '' }],
        edit: 'Better.',
      },
      { ...nothingSaid(1), edit: '  ' },
    ]
    const asked = askedBy(settingsWith({ attributes: [HELPFUL, TONE], flag: true, edit: true }), 2)
    expect(sendable(said, asked)).toEqual([
      { ...nothingSaid(0), attributes: { tone: ['warm'] }, edit: 'Better.' },
    ])
    expect(sendable(said, askedBy(settingsWith(), 2))).toEqual([])
  })
})

describe('the words for it', () => {
  const asked = askedBy(
    settingsWith({ safety: 'on', attributes: [HELPFUL, TONE], flag: true, edit: true }),
    2,
  )
  const said = {
    ...nothingSaid(1),
    safe: false,
    attributes: { helpful: 4, tone: ['warm', 'flat'] },
    flags: [{ reason: 'harmful', note: '' }],
    edit: 'Better.',
  }

  it('sum up one answer', () => {
    expect(judgementWords(said, asked)).toEqual([
      'Unsafe',
      'Helpfulness 4',
      'Tone warm and flat',
      'flagged harmful',
      'edited',
    ])
    expect(judgementWords(nothingSaid(0), asked)).toEqual([])
  })

  it('tell what has changed', () => {
    expect(changedWords([], [{ ...nothingSaid(1), safe: true }], asked)).toBe('B: Safe.')
    expect(changedWords([said], [said], asked)).toBe('')
  })

  it('name the keys of a question, and Enter when all that is needed is there', () => {
    const {
      draft,
      now,
      asked: both,
    } = play({ attributes: [{ ...HELPFUL, required: true }] }, 2, ...RANKED)
    expect(wantedKeys(now, draft, both)).toBe('1 to 5')
    const optional = play({ attributes: [{ ...HELPFUL, levels: 10 }] }, 2, ...RANKED)
    expect(wantedKeys(optional.now, optional.draft, optional.asked)).toBe(
      '1 to 9 and 0, Enter submits',
    )
  })
})
