import type { Draft } from './draft'
import { EMPTY_DRAFT } from './draft'

const DRAFT = 'plumbline.draft.'
const UNDO = 'plumbline.undo.'
const KEEP_MS = 7 * 86_400_000
const UNDO_DEPTH = 20

interface StoredDraft {
  draft: Draft
  savedAt: number
}

function read<T>(storage: Storage, key: string): T | null {
  try {
    return JSON.parse(storage.getItem(key) ?? 'null') as T | null
  } catch {
    return null
  }
}

/** The draft of an assignment, or null; positions that its K completions cannot have mean it is not ours. */
export function loadDraft(storage: Storage, uid: string, k: number): Draft | null {
  const stored = read<StoredDraft>(storage, DRAFT + uid)
  if (!stored?.draft.order.every((position) => position >= 0 && position < k)) return null
  // JSON has no undefined: an open gap was written as the text "open".
  const gaps = stored.draft.gaps.map((gap) => ((gap as unknown) === 'open' ? undefined : gap))
  const draft = { ...EMPTY_DRAFT, ...stored.draft, gaps }
  return { ...draft, said: draft.said.filter(({ position }) => position >= 0 && position < k) }
}

export function saveDraft(storage: Storage, uid: string, draft: Draft, now: number): void {
  const gaps = draft.gaps.map((gap) => gap ?? (gap === null ? null : 'open'))
  storage.setItem(DRAFT + uid, JSON.stringify({ draft: { ...draft, gaps }, savedAt: now }))
}

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

/** The annotations of this person and campaign that undo can reach, newest last. */
export function loadUndo(storage: Storage, user: number, campaign: number): string[] {
  return read<string[]>(storage, `${UNDO}${user}.${campaign}`) ?? []
}

export function saveUndo(storage: Storage, user: number, campaign: number, uids: string[]): void {
  storage.setItem(`${UNDO}${user}.${campaign}`, JSON.stringify(uids.slice(-UNDO_DEPTH)))
}
