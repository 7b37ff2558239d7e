import type { Gap, RationaleSetting } from '@/lib/types'

/**
 * What an annotator has decided so far about one comparison.
 *
 * `order` holds positions, best first, and grows until all K are in it. `gaps[i]` is the margin between
 * places i and i + 1; undefined while undecided, null where the two are equal. Digits go to `gapFocus`.
 */
export interface Draft {
  order: number[]
  gaps: (Gap | undefined)[]
  gapFocus: number
  allBad: boolean
  rationale: string
  activeSeconds: number
}

export type DraftAction =
  | { type: 'place'; position: number }
  | { type: 'move'; position: number; to: number }
  | { type: 'unplace'; position: number }
  | { type: 'gap'; gap: Gap; index?: number }
  | { type: 'focus-gap'; index: number }
  | { type: 'back' }
  | { type: 'strip'; choice: number }
  | { type: 'lean'; position: number }
  | { type: 'toggle-all-bad' }
  | { type: 'rationale'; text: string }

/** What the page waits for next. */
export type Step =
  | { kind: 'place'; place: number }
  | { kind: 'gap'; index: number }
  | { kind: 'rationale' }
  | { kind: 'submit' }

export const EMPTY_DRAFT: Draft = {
  order: [],
  gaps: [],
  gapFocus: 0,
  allBad: false,
  rationale: '',
  activeSeconds: 0,
}

/** The seven choices of the strip between two completions, from "A significantly" to "B significantly". */
export const STRIP: { best: number; gap: Gap }[] = [
  { best: 0, gap: 3 },
  { best: 0, gap: 2 },
  { best: 0, gap: 1 },
  { best: 0, gap: null },
  { best: 1, gap: 1 },
  { best: 1, gap: 2 },
  { best: 1, gap: 3 },
]
export const STRIP_MIDDLE = 3

/** Which of the seven a draft of two stands on; level 0 (negligibly better) leans within the middle one. */
export function stripChoice(draft: Draft): number | null {
  const [gap] = draft.gaps
  if (draft.order.length < 2 || gap === undefined) return null
  if (gap === null || gap === 0) return STRIP_MIDDLE
  return STRIP.findIndex((choice) => choice.best === draft.order[0] && choice.gap === gap)
}

/** A gap survives a change of order exactly where its two neighbours stay neighbours, the same way round. */
function reorder(draft: Draft, order: number[], k: number): Draft {
  const kept = new Map<string, Gap | undefined>()
  draft.order.forEach((position, place) => {
    const after = draft.order[place + 1]
    if (after !== undefined) kept.set(`${position}>${after}`, draft.gaps[place])
  })
  const gaps = order
    .slice(0, -1)
    .map((position, place) => kept.get(`${position}>${order[place + 1]}`))
  return { ...draft, order, gaps, gapFocus: order.length === k ? firstOpenGap(gaps) : 0 }
}

function firstOpenGap(gaps: (Gap | undefined)[]): number {
  const open = gaps.indexOf(undefined)
  return open === -1 ? Math.max(0, gaps.length - 1) : open
}

const isNew = (draft: Draft, position: number) => !draft.order.includes(position)

/** One card left is in its place already: nobody needs to be asked for it. */
function withLastCard(order: number[], k: number): number[] {
  if (order.length !== k - 1) return order
  const all = Array.from({ length: k }, (_, position) => position)
  return [...order, ...all.filter((position) => !order.includes(position))]
}

function place(draft: Draft, position: number, k: number): Draft {
  if (position < 0 || position >= k || !isNew(draft, position)) return draft
  return reorder(draft, withLastCard([...draft.order, position], k), k)
}

function move(draft: Draft, position: number, to: number, k: number): Draft {
  const without = draft.order.filter((other) => other !== position)
  const order = [...without.slice(0, to), position, ...without.slice(to)]
  return reorder(draft, isNew(draft, position) ? withLastCard(order, k) : order, k)
}

function setGap(draft: Draft, gap: Gap, index: number, k: number): Draft {
  if (draft.order.length < k || index < 0 || index > k - 2) return draft
  const gaps = Array.from({ length: k - 1 }, (_, at) => (at === index ? gap : draft.gaps[at]))
  const later = gaps.findIndex((value, at) => at > index && value === undefined)
  return { ...draft, gaps, gapFocus: later === -1 ? Math.min(index + 1, k - 2) : later }
}

/** One step back: the last margin given, or, when there is none, the last card placed by hand. */
function back(draft: Draft, k: number): Draft {
  const lastGap = draft.gaps.findLastIndex((gap) => gap !== undefined)
  if (draft.order.length === k && lastGap !== -1) {
    return { ...draft, gaps: draft.gaps.with(lastGap, undefined), gapFocus: lastGap }
  }
  const byHand = draft.order.length === k ? k - 2 : draft.order.length - 1
  return reorder(draft, draft.order.slice(0, Math.max(0, byHand)), k)
}

function lean(draft: Draft, position: number): Draft {
  const [gap] = draft.gaps
  if (gap !== null && gap !== 0) return draft
  const undo = gap === 0 && draft.order[0] === position
  return { ...draft, order: [position, 1 - position], gaps: [undo ? null : 0] }
}

export function draftReducer(draft: Draft, action: DraftAction, k: number): Draft {
  switch (action.type) {
    case 'place':
      return place(draft, action.position, k)
    case 'move':
      return move(draft, action.position, action.to, k)
    case 'unplace':
      return reorder(
        draft,
        draft.order.filter((position) => position !== action.position),
        k,
      )
    case 'gap':
      return setGap(draft, action.gap, action.index ?? draft.gapFocus, k)
    case 'focus-gap':
      return { ...draft, gapFocus: Math.max(0, Math.min(action.index, k - 2)) }
    case 'back':
      return back(draft, k)
    case 'strip': {
      const choice = STRIP[action.choice]
      return k === 2 && choice
        ? { ...draft, order: [choice.best, 1 - choice.best], gaps: [choice.gap], gapFocus: 0 }
        : draft
    }
    case 'lean':
      return k === 2 ? lean(draft, action.position) : draft
    case 'toggle-all-bad':
      return { ...draft, allBad: !draft.allBad }
    case 'rationale':
      return { ...draft, rationale: action.text }
  }
}

export function nextStep(draft: Draft, k: number, rationale: RationaleSetting): Step {
  if (draft.order.length < k) return { kind: 'place', place: draft.order.length }
  const open = Array.from({ length: k - 1 }, (_, at) => draft.gaps[at]).indexOf(undefined)
  if (open !== -1) return { kind: 'gap', index: open }
  if (rationale === 'required' && draft.rationale.trim() === '') return { kind: 'rationale' }
  return { kind: 'submit' }
}

/** The draft's gaps once every one of them is decided. */
export function decidedGaps(draft: Draft): Gap[] {
  return draft.gaps.map((gap) => {
    if (gap === undefined) throw new Error('A margin is still open.')
    return gap
  })
}
