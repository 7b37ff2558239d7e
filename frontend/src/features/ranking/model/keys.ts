import type { Gap } from '@/lib/types'
import type { DraftAction } from './draft'

/** The actions whose key an annotator may choose. */
export const ACTIONS = [
  'undo',
  'skip',
  'all-bad',
  'reason',
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
  guidelines: 'g',
  differences: 'w',
  together: 't',
  keys: '?',
  back: 'Backspace',
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
  guidelines: 'Open or close the guidelines',
  differences: 'Mark the words that another answer lacks',
  together: 'Scroll the answers together, or apart',
  keys: 'This list of keys',
  back: 'One step back',
}

export const GAP_KEYS: { key: string; gap: Gap; label: string; short: string; sign: string }[] = [
  { key: '0', gap: null, label: 'equal', short: 'equal', sign: '=' },
  { key: '1', gap: 0, label: 'negligibly better', short: 'negligibly', sign: '≥' },
  { key: '2', gap: 1, label: 'slightly better', short: 'slightly', sign: '>' },
  { key: '3', gap: 2, label: 'better', short: 'better', sign: '≫' },
  { key: '4', gap: 3, label: 'significantly better', short: 'significantly', sign: '⋙' },
]

export const gapName = (gap: Gap) => GAP_KEYS.find((choice) => choice.gap === gap)?.label ?? ''

export type Command =
  | { type: 'draft'; action: DraftAction }
  | { type: 'focus-gap'; by: 1 | -1 }
  | { type: 'submit' }
  | { type: ActionName }

export interface KeyPress {
  key: string
  shiftKey: boolean
}

function pairCommand(key: string): Command | null {
  if (/^[1-7]$/.test(key))
    return { type: 'draft', action: { type: 'strip', choice: Number(key) - 1 } }
  if (key === 'a' || key === 'b') {
    return { type: 'draft', action: { type: 'lean', position: key === 'a' ? 0 : 1 } }
  }
  return null
}

function rankCommand(key: string, k: number): Command | null {
  const position = key.length === 1 ? key.charCodeAt(0) - 97 : -1
  if (position >= 0 && position < k) return { type: 'draft', action: { type: 'place', position } }
  const choice = GAP_KEYS.find((gap) => gap.key === (key === '=' ? '0' : key))
  if (choice) return { type: 'draft', action: { type: 'gap', gap: choice.gap } }
  if (key === 'ArrowRight' || key === 'ArrowLeft') {
    return { type: 'focus-gap', by: key === 'ArrowRight' ? 1 : -1 }
  }
  return null
}

/**
 * What a key means on the ranking page with K completions, or null.
 *
 * With seven or more completions a letter may name both a card and an action (G): the card wins, and
 * the action answers to Shift with the letter, as every action does for every K.
 */
export function commandOf(
  press: KeyPress,
  k: number,
  keymap: Keymap = DEFAULT_KEYS,
): Command | null {
  if (press.key === 'Enter') return { type: 'submit' }
  const key = press.key.length === 1 ? press.key.toLowerCase() : press.key
  const isShiftedLetter = press.shiftKey && /^[a-z]$/.test(key)
  const ranked = isShiftedLetter ? null : k === 2 ? pairCommand(key) : rankCommand(key, k)
  if (ranked) return ranked
  const named = ACTIONS.find((action) => keymap[action] === key)
  return named ? { type: named } : null
}
