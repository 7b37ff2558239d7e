import { describe, expect, it } from 'vitest'
import { settingsWith } from '@/lib/settings-for-tests'
import type { Draft } from './draft'
import { draftReducer, EMPTY_DRAFT, nextStep } from './draft'
import { askedBy } from './judging'
import type { KeyPlace } from './keys'
import { ACTIONS, commandOf, DEFAULT_KEYS, keymapOf, offered, rebind } from './keys'

const ranking = (k: number): KeyPlace => ({
  k,
  isOneSided: false,
  isJudging: false,
  offers: ACTIONS,
})
const press = (key: string, k: number, shiftKey = false) => commandOf({ key, shiftKey }, ranking(k))
const plain = (k: number) => askedBy(settingsWith(), k)

function typed(keys: string[], k: number): Draft {
  return keys.reduce((draft, key) => {
    const command = press(key, k)
    return command?.type === 'draft' ? draftReducer(draft, command.action, plain(k)) : draft
  }, EMPTY_DRAFT)
}

describe('keys', () => {
  it('ranks two answers in two presses', () => {
    expect(nextStep(typed(['6'], 2), plain(2))).toEqual({ kind: 'submit' })
    expect(press('Enter', 2)).toEqual({ type: 'submit' })
  })

  it('ranks four answers in seven presses and Enter, and takes an eighth letter calmly', () => {
    const draft = typed(['c', 'a', 'b', 'd', '4', '0', '2'], 4)
    expect(draft.order).toEqual([2, 0, 1, 3])
    expect(draft.gaps).toEqual([3, null, 1])
  })

  it('has no key for an action that names one of up to six answers', () => {
    for (const key of Object.values(DEFAULT_KEYS)) expect('abcdef').not.toContain(key)
  })

  it.each([
    ['0', null],
    ['=', null],
    ['1', 0],
    ['2', 1],
    ['3', 2],
    ['4', 3],
  ])('reads %s as margin %s', (key, gap) => {
    expect(press(key, 4)).toEqual({ type: 'draft', action: { type: 'gap', gap } })
  })

  it('does not read 5 as a margin, nor 8 as a choice of seven', () => {
    expect(press('5', 4)).toBeNull()
    expect(press('8', 2)).toBeNull()
  })

  it('knows capitals, as a locked Shift key makes them', () => {
    expect(press('C', 4)).toEqual({ type: 'draft', action: { type: 'place', position: 2 } })
  })

  it('gives a letter to the card that it names before the action, which answers to Shift', () => {
    expect(press('g', 4)).toEqual({ type: 'guidelines' })
    expect(press('g', 7)).toEqual({ type: 'draft', action: { type: 'place', position: 6 } })
    expect(press('G', 7, true)).toEqual({ type: 'guidelines' })
  })

  it('follows the keys that the annotator chose', () => {
    const keymap = { ...DEFAULT_KEYS, undo: 'u' }
    expect(commandOf({ key: 'u', shiftKey: false }, ranking(4), keymap)).toEqual({ type: 'undo' })
    expect(commandOf({ key: 'z', shiftKey: false }, ranking(4), keymap)).toBeNull()
  })

  it('reads digits as answers, and Escape as the way back, while a card is judged', () => {
    const judging = { ...ranking(4), isJudging: true }
    const at = (key: string) => commandOf({ key, shiftKey: false }, judging)
    const answer = (option: number) => ({ type: 'draft', action: { type: 'answer', option } })
    expect(at('1')).toEqual(answer(0))
    expect(at('0')).toEqual(answer(9))
    expect(at('c')).toEqual({ type: 'draft', action: { type: 'place', position: 2 } })
    expect(at('Escape')).toEqual({ type: 'draft', action: { type: 'go', cursor: null } })
    expect(at('n')).toEqual({ type: 'next' })
    expect(at('ArrowLeft')).toBeNull()
  })

  it('goes to a card by its letter where nothing is ranked', () => {
    const place = { ...ranking(4), isOneSided: true, isJudging: true }
    const at = (key: string) => commandOf({ key, shiftKey: false }, place)
    expect(at('b')).toEqual({ type: 'draft', action: { type: 'look', position: 1 } })
    expect(at('Escape')).toBeNull()
  })

  it('offers the keys of what the campaign has on', () => {
    const without = (task: Parameters<typeof settingsWith>[0]) =>
      ACTIONS.filter((action) => !offered(settingsWith(task)).includes(action))
    expect(without({})).toEqual(['reason', 'next', 'previous', 'flag', 'edit', 'differences'])
    const all = { rationale: 'optional', flag: true, edit: true, difference: true } as const
    expect(without(all)).toEqual([])
    expect(without({ ...all, safety: 'on', flag: false })).toEqual(['flag'])
    const place = { ...ranking(4), offers: offered(settingsWith({ skip: false })) }
    expect(commandOf({ key: 's', shiftKey: false }, place)).toBeNull()
  })

  it('leaves every other key alone', () => {
    for (const key of ['q', 'Tab', 'F5', 'é', ' ']) expect(press(key, 4)).toBeNull()
  })
})

describe('keys of one’s own', () => {
  it('puts an action on another key', () => {
    expect(rebind(DEFAULT_KEYS, 'undo', 'U')).toEqual({ ...DEFAULT_KEYS, undo: 'u' })
  })

  it.each(['a', '4', '=', 'Enter', 'ArrowLeft', ' ', 'Tab', 'Escape'])(
    'leaves %s its meaning',
    (key) => expect(rebind(DEFAULT_KEYS, 'undo', key)).toContain('has its meaning'),
  )

  it('refuses a key that another action has, and one that is no key to type', () => {
    expect(rebind(DEFAULT_KEYS, 'undo', 's')).toBe(
      'S is taken by “Skip this comparison”; change that one first.',
    )
    expect(rebind(DEFAULT_KEYS, 'undo', 'Dead')).toContain('cannot be used')
  })

  it('takes of a stored keymap what makes sense', () => {
    const stored = { undo: 'u', skip: 7, reason: 'Enter', keys: '<img src=x>', other: 'q' }
    expect(keymapOf(stored)).toEqual({ ...DEFAULT_KEYS, undo: 'u' })
    for (const nonsense of [null, 'x', [], 3]) expect(keymapOf(nonsense)).toEqual(DEFAULT_KEYS)
  })
})
