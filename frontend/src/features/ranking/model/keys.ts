import { marginName } from '@/lib/margins'
import type { Gap, TaskSettings } from '@/lib/types'
import type { DraftAction } from './draft'

/** The actions whose key an annotator may choose. */
export const ACTIONS = [
  'undo',
  'skip',
  'all-bad',
  'reason',
  'next',
  'previous',
  'flag',
  'edit',
  'guidelines',
  'differences',
  'together',
  'keys',
  'back',
] as const
export type ActionName = (typeof ACTIONS)[number]
export type Keymap = Record<ActionName, string>

export const DEFAULT_KEYS: Keymap = {
  undo: 'z',
  skip: 's',
  'all-bad': 'x',
  reason: 'r',
  next: 'n',
  previous: 'p',
  flag: 'l',
  edit: 'm',
  guidelines: 'g',
  differences: 'w',
  together: 't',
  keys: '?',
  back: 'Backspace',
}

/** The actions that a campaign offers. */
export function offered(task: TaskSettings): ActionName[] {
  const asks = task.safety !== 'off' || task.thumbs !== 'off' || task.attributes.length > 0
  const isOff: Partial<Record<ActionName, boolean>> = {
    skip: !task.skip,
    'all-bad': !task.all_bad,
    reason: task.rationale === 'off',
    next: !asks && !task.flag && !task.edit,
    previous: !asks && !task.flag && !task.edit,
    flag: !task.flag,
    edit: !task.edit,
    differences: !task.difference,
  }
  return ACTIONS.filter((action) => !isOff[action])
}

/** A keymap as it was stored, with the default for whatever of it makes no sense. */
export function keymapOf(stored: unknown): Keymap {
  const chosen = typeof stored === 'object' && stored !== null ? stored : {}
  return ACTIONS.reduce<Keymap>((keymap, action) => {
    const key = (chosen as Record<string, unknown>)[action]
    const result = typeof key === 'string' ? rebind(keymap, action, key) : keymap
    return typeof result === 'string' ? keymap : result
  }, DEFAULT_KEYS)
}

/** Keys that mean the same in every comparison. */
const TAKEN = /^([ab0-9= ]|Enter|Escape|Tab|Arrow.*)$/
const USABLE = /^(\S|Backspace|Delete|Insert|Home|End|F\d+)$/

/** The keymap with one action on another key; or the sentence that says why that cannot be. */
export function rebind(keymap: Keymap, action: ActionName, pressed: string): Keymap | string {
  const key = pressed.length === 1 ? pressed.toLowerCase() : pressed
  const name = keyName(key)
  if (TAKEN.test(key)) return `${name} has its meaning in every comparison; choose another key.`
  if (!USABLE.test(key)) return `${name} cannot be used; choose a letter or a sign.`
  const other = ACTIONS.find((candidate) => candidate !== action && keymap[candidate] === key)
  if (other) return `${name} is taken by “${ACTION_LABELS[other]}”; change that one first.`
  return { ...keymap, [action]: key }
}

/** A key as it is written on a keyboard. */
export function keyName(key: string): string {
  if (key === ' ') return 'Space'
  return key.length === 1 ? key.toUpperCase() : key
}

export const ACTION_LABELS: Record<ActionName, string> = {
  undo: 'Undo the last submit',
  skip: 'Skip this comparison',
  'all-bad': 'All of them are bad',
  reason: 'Write the reason',
  next: 'On to the next question about an answer',
  previous: 'Back to the question before',
  flag: 'Flag the answer at hand',
  edit: 'Write a better text of the answer at hand',
  guidelines: 'Open or close the guidelines',
  differences: 'Mark the words that another answer lacks',
  together: 'Scroll the answers together, or apart',
  keys: 'This list of keys',
  back: 'One step back',
}

const gapKey = (key: string, gap: Gap, short: string, sign: string) => ({
  key,
  gap,
  label: marginName(gap),
  short,
  sign,
})

export const GAP_KEYS = [
  gapKey('0', null, 'equal', '='),
  gapKey('1', 0, 'negligibly', '≥'),
  gapKey('2', 1, 'slightly', '>'),
  gapKey('3', 2, 'better', '≫'),
  gapKey('4', 3, 'significantly', '⋙'),
]

export type Command =
  | { type: 'draft'; action: DraftAction }
  | { type: 'focus-gap'; by: 1 | -1 }
  | { type: 'submit' }
  | { type: ActionName }

export interface KeyPress {
  key: string
  shiftKey: boolean
}

/** What the keys are pressed at. */
export interface KeyPlace {
  k: number
  isOneSided: boolean
  /** The digits answer a question about one card. */
  isJudging: boolean
  /** The other actions' keys do nothing. */
  offers: readonly ActionName[]
}

/** The position that a letter names, or -1. */
function positionOf(key: string, k: number): number {
  const position = /^[a-z]$/.test(key) ? key.charCodeAt(0) - 97 : -1
  return position < k ? position : -1
}

function letterCommand(position: number, { k, isOneSided }: KeyPlace): Command {
  if (isOneSided) return { type: 'draft', action: { type: 'look', position } }
  return { type: 'draft', action: { type: k === 2 ? 'lean' : 'place', position } }
}

/** A digit chooses an option of the question at hand: 1 the first one, 0 the tenth. */
function digitCommand(key: string): Command | null {
  if (!/^[0-9]$/.test(key)) return null
  return { type: 'draft', action: { type: 'answer', option: (Number(key) + 9) % 10 } }
}

function pairCommand(key: string): Command | null {
  if (!/^[1-7]$/.test(key)) return null
  return { type: 'draft', action: { type: 'strip', choice: Number(key) - 1 } }
}

function rankCommand(key: string): Command | null {
  const choice = GAP_KEYS.find((gap) => gap.key === (key === '=' ? '0' : key))
  if (choice) return { type: 'draft', action: { type: 'gap', gap: choice.gap } }
  if (key === 'ArrowRight' || key === 'ArrowLeft') {
    return { type: 'focus-gap', by: key === 'ArrowRight' ? 1 : -1 }
  }
  return null
}

function answerCommand(key: string, place: KeyPlace): Command | null {
  const position = positionOf(key, place.k)
  if (position !== -1) return letterCommand(position, place)
  if (place.isJudging) {
    const isLeaving = key === 'Escape' && !place.isOneSided
    return isLeaving ? { type: 'draft', action: { type: 'go', cursor: null } } : digitCommand(key)
  }
  if (place.isOneSided) return null
  return place.k === 2 ? pairCommand(key) : rankCommand(key)
}

/**
 * What a key means on the ranking page, or null.
 *
 * With seven or more completions a letter may name both a card and an action (G): the card wins, and
 * the action answers to Shift with the letter, as every action does for every K.
 */
export function commandOf(
  press: KeyPress,
  place: KeyPlace,
  keymap: Keymap = DEFAULT_KEYS,
): Command | null {
  if (press.key === 'Enter') return { type: 'submit' }
  const key = press.key.length === 1 ? press.key.toLowerCase() : press.key
  const isShiftedLetter = press.shiftKey && /^[a-z]$/.test(key)
  const answer = isShiftedLetter ? null : answerCommand(key, place)
  if (answer) return answer
  const named = place.offers.find((action) => keymap[action] === key)
  return named ? { type: named } : null
}
