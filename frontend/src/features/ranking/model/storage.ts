import { newUuid } from '@/lib/new-uuid'
import type { Task } from '@/lib/types'
import type { Draft } from './draft'
import { EMPTY_DRAFT } from './draft'
import { isBlank, nothingSaid } from './judging'

const DRAFT = 'plumbline.draft.'
const BROWSER = 'plumbline.browser'
const UNDO = 'plumbline.undo.'
const HELD = 'plumbline.kept.held.'
const KEEP_MS = 7 * 86_400_000
const UNDO_DEPTH = 20

/** The draft of an assignment as this browser has it. */
export interface StoredDraft {
  draft: Draft
  /** When something was last decided, by this machine's clock. */
  savedAt: number
  /** The version on the server that it was written over; 0 where there was none. */
  version: number
  isUnsent: boolean
}

function read<T>(storage: Storage, key: string): T | null {
  try {
    return JSON.parse(storage.getItem(key) ?? 'null') as T | null
  } catch {
    return null
  }
}

function write(storage: Storage, key: string, value: unknown): void {
  try {
    storage.setItem(key, JSON.stringify(value))
  } catch {
    // No room, or none allowed: what is open goes on in memory, and drafts are on the server too.
  }
}

const isNumbers = (value: unknown, k: number): value is number[] =>
  Array.isArray(value) &&
  value.every((position) => Number.isInteger(position) && position >= 0 && position < k)

/** JSON has no undefined: an open gap is written as the text "open". */
export const jsonOf = (draft: Draft): Record<string, unknown> => ({
  ...draft,
  gaps: Array.from(draft.gaps, (gap) => gap ?? (gap === null ? null : 'open')),
})

/** A draft that was written as JSON, by this page or an older one; null where it is not of K completions. */
export function draftOf(json: unknown, k: number): Draft | null {
  const raw = { ...EMPTY_DRAFT, ...(json as Partial<Draft> | null) }
  if (!isNumbers(raw.order, k) || !Array.isArray(raw.gaps) || !Array.isArray(raw.said)) return null
  return {
    ...raw,
    gaps: raw.gaps.map((gap) => ((gap as unknown) === 'open' ? undefined : gap)),
    said: raw.said
      .filter(({ position }) => isNumbers([position], k))
      .map((said) => ({ ...nothingSaid(said.position), ...said })),
  }
}

export function loadStored(storage: Storage, uid: string, k: number): StoredDraft | null {
  const stored = read<Partial<StoredDraft>>(storage, DRAFT + uid)
  const draft = stored && draftOf(stored.draft, k)
  // Pages of before kept no version.
  return draft && { savedAt: 0, version: 0, isUnsent: true, ...stored, draft }
}

export function saveStored(storage: Storage, uid: string, stored: StoredDraft): void {
  write(storage, DRAFT + uid, { ...stored, draft: jsonOf(stored.draft) })
}

/** What two drafts decide, whatever stands in focus and however long it took. */
function decided({ order, gaps, allBad, rationale, said }: Draft): string {
  const judged = said.filter((one) => !isBlank(one))
  const sorted = judged.sort((one, other) => one.position - other.position)
  return JSON.stringify([order, jsonOf({ ...EMPTY_DRAFT, gaps }).gaps, allBad, rationale, sorted])
}

export const isSameDraft = (one: Draft, other: Draft) => decided(one) === decided(other)

export const hasContent = (draft: Draft) => !isSameDraft(draft, EMPTY_DRAFT)

export function dropDraft(storage: Storage, uid: string): void {
  storage.removeItem(DRAFT + uid)
}

/** Drafts of comparisons that nobody came back to within a week. */
export function pruneDrafts(storage: Storage, now: number): void {
  const keys = Array.from({ length: storage.length }, (_, index) => storage.key(index) ?? '')
  for (const key of keys.filter((name) => name.startsWith(DRAFT))) {
    const stored = read<StoredDraft>(storage, key)
    if (!stored || now - stored.savedAt > KEEP_MS) storage.removeItem(key)
  }
}

/** A name for this browser, so that its own tabs are not taken for another device. */
export function browserName(storage: Storage): string {
  const known = read<string>(storage, BROWSER)
  if (known) return known
  const name = newUuid()
  write(storage, BROWSER, name)
  return name
}

/** The annotations of this person and campaign that undo can reach, newest last. */
export function loadUndo(storage: Storage, user: number, campaign: number): string[] {
  return read<string[]>(storage, `${UNDO}${user}.${campaign}`) ?? []
}

export function saveUndo(storage: Storage, user: number, campaign: number, uids: string[]): void {
  write(storage, `${UNDO}${user}.${campaign}`, uids.slice(-UNDO_DEPTH))
}

/** What this person holds, for a page that is reloaded without a connection. Logging out drops it. */
export function loadHeld(storage: Storage, user: number, campaign: number): Task[] {
  return read<Task[]>(storage, `${HELD}${user}.${campaign}`) ?? []
}

export function saveHeld(storage: Storage, user: number, campaign: number, tasks: Task[]): void {
  write(storage, `${HELD}${user}.${campaign}`, tasks)
}
