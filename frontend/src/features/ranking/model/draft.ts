import type { Gap, Judgement } from '@/lib/types'
import type { Cursor } from './cursor'
import { chosenAt, cursorOf, openStops, questionAt, stepped, stopOfCard, wentOn } from './cursor'
import type { Asked } from './judging'
import { pressed, saidOf, withSaid } from './judging'

/**
 * What an annotator has decided so far about one comparison.
 *
 * `order` holds positions, best first, and grows until all K are in it. `gaps[i]` is the margin between
 * places i and i + 1; undefined while undecided, null where the two are equal. Digits go to `gapFocus`,
 * or, while `cursor` is not null, to that question about one card. `said` is what was said of each card.
 */
export interface Draft {
  order: number[]
  gaps: (Gap | undefined)[]
  gapFocus: number
  allBad: boolean
  rationale: string
  activeSeconds: number
  said: Judgement[]
  cursor: Cursor | null
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
  | { type: 'choose'; position: number; question: string; option: number }
  | { type: 'answer'; option: number }
  | { type: 'note'; position: number; reason: string; text: string }
  | { type: 'edit'; position: number; text: string | null }
  | { type: 'go'; cursor: Cursor | null }
  | { type: 'look'; position: number }
  | { type: 'step'; by: 1 | -1 }
  | { type: 'go-on' }

/** What the page waits for next. */
export type Step =
  | { kind: 'place'; place: number }
  | { kind: 'gap'; index: number }
  | { kind: 'judge'; at: Cursor }
  | { kind: 'rationale' }
  | { kind: 'submit' }

export const EMPTY_DRAFT: Draft = {
  order: [],
  gaps: [],
  gapFocus: 0,
  allBad: false,
  rationale: '',
  activeSeconds: 0,
  said: [],
  cursor: null,
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
  const gapFocus = order.length === k ? firstOpenGap(gaps) : 0
  return { ...draft, order, gaps, gapFocus, cursor: null }
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
  const gapFocus = later === -1 ? Math.min(index + 1, k - 2) : later
  return { ...draft, gaps, gapFocus, cursor: null }
}

/** One step back: the last margin given, or, when there is none, the last card placed by hand. */
function back(draft: Draft, k: number): Draft {
  const lastGap = draft.gaps.findLastIndex((gap) => gap !== undefined)
  if (draft.order.length === k && lastGap !== -1) {
    const gaps = draft.gaps.with(lastGap, undefined)
    return { ...draft, gaps, gapFocus: lastGap, cursor: null }
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

/** Whether the ranking and its margins stand, if they are wanted. */
export function isRanked(draft: Draft, { k, isOneSided }: Asked): boolean {
  if (isOneSided) return true
  return draft.order.length === k && firstUndecided(draft, k) === -1
}

/** A letter that has nothing to place or to lean to goes to its card. */
function look(draft: Draft, position: number, asked: Asked): Draft {
  return { ...draft, cursor: stopOfCard(position, draft, asked) }
}

function answered(draft: Draft, cursor: Cursor, option: number, asked: Asked): Draft {
  const question = questionAt(cursor, asked)
  if (!question) return draft
  const said = pressed(saidOf(draft.said, cursor.position), question, option)
  return { ...draft, said: withSaid(draft.said, said), cursor }
}

/** Chosen by the button itself, which takes the answer back when it stands already. */
function chosen(draft: Draft, cursor: Cursor, option: number, asked: Asked): Draft {
  const isTakenBack =
    questionAt(cursor, asked)?.isMany === false &&
    chosenAt(cursor, draft.said, asked).includes(option)
  return isTakenBack ? cleared(draft, cursor, asked) : answered(draft, cursor, option, asked)
}

function cleared(draft: Draft, cursor: Cursor, asked: Asked): Draft {
  const question = questionAt(cursor, asked)
  if (!question) return draft
  const said = question.withChosen(saidOf(draft.said, cursor.position), [])
  return { ...draft, said: withSaid(draft.said, said), cursor }
}

/** Back from a card's question: its answer goes, or, when it has none, the one before it. */
function unanswered(draft: Draft, asked: Asked): Draft | null {
  const here = cursorOf(draft, asked)
  if (!here) return null
  const isOpen = chosenAt(here, draft.said, asked).length === 0
  const cursor = isOpen ? stepped(draft, -1, asked) : here
  return cursor && cleared(draft, cursor, asked)
}

function judge(draft: Draft, position: number, change: (said: Judgement) => Judgement): Draft {
  return { ...draft, said: withSaid(draft.said, change(saidOf(draft.said, position))) }
}

export function draftReducer(draft: Draft, action: DraftAction, asked: Asked): Draft {
  const { k } = asked
  switch (action.type) {
    case 'place':
      return isRanked(draft, asked)
        ? look(draft, action.position, asked)
        : place(draft, action.position, k)
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
      return { ...draft, gapFocus: Math.max(0, Math.min(action.index, k - 2)), cursor: null }
    case 'back':
      return unanswered(draft, asked) ?? (asked.isOneSided ? draft : back(draft, k))
    case 'strip': {
      const choice = STRIP[action.choice]
      return k === 2 && choice
        ? {
            ...draft,
            order: [choice.best, 1 - choice.best],
            gaps: [choice.gap],
            gapFocus: 0,
            cursor: null,
          }
        : draft
    }
    case 'lean':
      return stripChoice(draft) === STRIP_MIDDLE
        ? lean(draft, action.position)
        : look(draft, action.position, asked)
    case 'toggle-all-bad':
      return { ...draft, allBad: !draft.allBad }
    case 'rationale':
      return { ...draft, rationale: action.text }
    case 'choose':
      return chosen(
        draft,
        { position: action.position, question: action.question },
        action.option,
        asked,
      )
    case 'answer': {
      const cursor = cursorOf(draft, asked)
      return cursor ? answered(draft, cursor, action.option, asked) : draft
    }
    case 'note':
      return judge(draft, action.position, (said) => ({
        ...said,
        flags: said.flags.map((flag) =>
          flag.reason === action.reason ? { ...flag, note: action.text } : flag,
        ),
      }))
    case 'edit':
      return judge(draft, action.position, (said) => ({ ...said, edit: action.text }))
    case 'go':
      return { ...draft, cursor: action.cursor }
    case 'look':
      return look(draft, action.position, asked)
    case 'step':
      return { ...draft, cursor: stepped(draft, action.by, asked) }
    case 'go-on':
      return { ...draft, cursor: wentOn(draft, isRanked(draft, asked), asked) }
  }
}

const firstUndecided = (draft: Draft, k: number) =>
  Array.from({ length: k - 1 }, (_, at) => draft.gaps[at]).indexOf(undefined)

/** What must still be decided before this can be submitted. */
export function nextStep(draft: Draft, asked: Asked): Step {
  if (!asked.isOneSided && draft.order.length < asked.k) {
    return { kind: 'place', place: draft.order.length }
  }
  if (!isRanked(draft, asked)) return { kind: 'gap', index: firstUndecided(draft, asked.k) }
  const at = openStops(draft.said, asked).find((stop) => questionAt(stop, asked)?.isRequired)
  if (at) return { kind: 'judge', at }
  if (asked.rationale === 'required' && draft.rationale.trim() === '') return { kind: 'rationale' }
  return { kind: 'submit' }
}

/** What the page asks now: the question that the annotator stands at, else what must still be decided. */
export function askedNow(draft: Draft, asked: Asked): Step {
  const at = cursorOf(draft, asked)
  return at ? { kind: 'judge', at } : nextStep(draft, asked)
}

/** The draft's gaps once every one of them is decided. */
export function decidedGaps(draft: Draft): Gap[] {
  return draft.gaps.map((gap) => {
    if (gap === undefined) throw new Error('A margin is still open.')
    return gap
  })
}
