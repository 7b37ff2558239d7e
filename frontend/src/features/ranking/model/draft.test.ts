import { describe, expect, it } from 'vitest'
import { settingsWith } from '@/lib/settings-for-tests'
import type { TaskSettings } from '@/lib/types'
import type { Draft, DraftAction } from './draft'
import { decidedGaps, draftReducer, EMPTY_DRAFT, nextStep, stripChoice } from './draft'
import { askedBy } from './judging'

const asked = (k: number, task: Partial<TaskSettings> = {}) => askedBy(settingsWith(task), k)
const after = (k: number, ...actions: DraftAction[]) =>
  actions.reduce((draft: Draft, action) => draftReducer(draft, action, asked(k)), EMPTY_DRAFT)
const place = (position: number): DraftAction => ({ type: 'place', position })
const gap = (value: 0 | 1 | 2 | 3 | null): DraftAction => ({ type: 'gap', gap: value })

describe('ranking K answers', () => {
  it('takes letters in order of preference and puts the last card in its place by itself', () => {
    expect(after(4, place(2), place(0)).order).toEqual([2, 0])
    expect(after(4, place(2), place(0), place(1)).order).toEqual([2, 0, 1, 3])
  })

  it('ignores a letter that is placed already, and one that names no card', () => {
    const draft = after(4, place(2), place(2), place(7), place(-1))
    expect(draft.order).toEqual([2])
  })

  it('asks for the places, then for each gap, then for the submit', () => {
    const steps = [
      after(3),
      after(3, place(1)),
      after(3, place(1), place(0)),
      after(3, place(1), place(0), gap(3)),
      after(3, place(1), place(0), gap(3), gap(null)),
    ].map((draft) => nextStep(draft, asked(3)))
    expect(steps).toEqual([
      { kind: 'place', place: 0 },
      { kind: 'place', place: 1 },
      { kind: 'gap', index: 0 },
      { kind: 'gap', index: 1 },
      { kind: 'submit' },
    ])
  })

  it('takes no margin before every card has its place', () => {
    expect(after(4, place(2), gap(3)).gaps).toEqual([undefined].slice(1))
  })

  it('moves the digit to the next open gap, also when one in the middle was filled first', () => {
    const ordered = after(4, place(0), place(1), place(2))
    const middle = draftReducer(ordered, { type: 'gap', gap: 2, index: 1 }, asked(4))
    expect(middle.gapFocus).toBe(2)
    const first = draftReducer(middle, { type: 'gap', gap: 1, index: 0 }, asked(4))
    expect(first.gapFocus).toBe(2)
    expect(decidedGaps(draftReducer(first, gap(null), asked(4)))).toEqual([1, 2, null])
  })

  it('keeps a margin exactly where two neighbours stay neighbours', () => {
    const full = after(4, place(0), place(1), place(2), gap(3), gap(2), gap(1))
    const moved = draftReducer(full, { type: 'move', position: 3, to: 0 }, asked(4))
    expect(moved.order).toEqual([3, 0, 1, 2])
    expect(moved.gaps).toEqual([undefined, 3, 2])
    expect(moved.gapFocus).toBe(0)
  })

  it('drops a margin when its two neighbours change sides', () => {
    const full = after(3, place(0), place(1), gap(3), gap(2))
    const moved = draftReducer(full, { type: 'move', position: 1, to: 0 }, asked(3))
    expect(moved.order).toEqual([1, 0, 2])
    expect(moved.gaps).toEqual([undefined, undefined])
  })

  it('puts a dragged card between others and completes the order with the last one', () => {
    const draft = after(4, place(0), place(1), { type: 'move', position: 3, to: 1 })
    expect(draft.order).toEqual([0, 3, 1, 2])
  })

  it('lets a card be taken out, and does not put it straight back', () => {
    const draft = after(3, place(0), place(1), { type: 'unplace', position: 2 })
    expect(draft.order).toEqual([0, 1])
  })

  it('goes back one step at a time: margins first, then the card placed by hand', () => {
    let draft = after(3, place(2), place(0), gap(1))
    draft = draftReducer(draft, { type: 'back' }, asked(3))
    expect(draft.gaps).toEqual([undefined, undefined])
    draft = draftReducer(draft, { type: 'back' }, asked(3))
    expect(draft.order).toEqual([2])
    draft = draftReducer(
      draftReducer(draft, { type: 'back' }, asked(3)),
      { type: 'back' },
      asked(3),
    )
    expect(draft.order).toEqual([])
  })

  it('waits for a reason where the campaign needs one', () => {
    const full = after(3, place(0), place(1), gap(1), gap(1))
    expect(nextStep(full, asked(3, { rationale: 'required' }))).toEqual({ kind: 'rationale' })
    const blank = draftReducer(full, { type: 'rationale', text: '  ' }, asked(3))
    expect(nextStep(blank, asked(3, { rationale: 'required' }))).toEqual({ kind: 'rationale' })
    const said = draftReducer(full, { type: 'rationale', text: 'kinder' }, asked(3))
    expect(nextStep(said, asked(3, { rationale: 'required' }))).toEqual({ kind: 'submit' })
  })

  it('keeps "all bad" beside the ranking, not instead of it', () => {
    const draft = after(3, { type: 'toggle-all-bad' })
    expect(draft.allBad).toBe(true)
    expect(nextStep(draft, asked(3)).kind).toBe('place')
  })
})

describe('comparing two answers', () => {
  it.each([
    [0, [0, 1], 3],
    [1, [0, 1], 2],
    [2, [0, 1], 1],
    [3, [0, 1], null],
    [4, [1, 0], 1],
    [5, [1, 0], 2],
    [6, [1, 0], 3],
  ])('reads choice %i of the strip as an order and a margin', (choice, order, margin) => {
    const draft = after(2, { type: 'strip', choice })
    expect(draft.order).toEqual(order)
    expect(draft.gaps).toEqual([margin])
    expect(stripChoice(draft)).toBe(choice)
    expect(nextStep(draft, asked(2))).toEqual({ kind: 'submit' })
  })

  it('leans within the middle choice only, and a second press takes the lean back', () => {
    const middle = after(2, { type: 'strip', choice: 3 }, { type: 'lean', position: 1 })
    expect(middle.order).toEqual([1, 0])
    expect(middle.gaps).toEqual([0])
    expect(stripChoice(middle)).toBe(3)
    expect(draftReducer(middle, { type: 'lean', position: 1 }, asked(2)).gaps).toEqual([null])
    const strong = after(2, { type: 'strip', choice: 0 }, { type: 'lean', position: 1 })
    expect(strong.gaps).toEqual([3])
  })

  it('has chosen nothing at first', () => {
    expect(stripChoice(EMPTY_DRAFT)).toBeNull()
  })
})
