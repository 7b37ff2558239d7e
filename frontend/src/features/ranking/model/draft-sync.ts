import { ApiError } from '@/lib/api'
import type { DraftStanding, ServerDraft } from '@/lib/types'
import type { Draft } from './draft'
import type { StoredDraft } from './storage'
import { draftOf, hasContent, isSameDraft, jsonOf } from './storage'

/** A draft goes to the server this long after the last change of it ... */
const QUIET_MS = 2_000
/** ... and at the latest this long after the first. */
const LONGEST_MS = 10_000

export interface DraftApi {
  readDraft: (uid: string) => Promise<DraftStanding>
  saveDraft: (uid: string, draft: ServerDraft) => Promise<DraftStanding>
}

/** Two drafts of one comparison were there: which of them is on the screen, and the other one. */
export interface Elsewhere {
  shown: 'mine' | 'theirs'
  other: Draft
}

interface Unsent {
  uid: string
  stored: StoredDraft
}

interface DraftSyncOptions {
  api: DraftApi
  browser: string
  now: () => number
  schedule: (act: () => void, milliseconds: number) => void
  /** The draft on the screen, if the server does not have it yet. */
  unsent: () => Unsent | null
  /** What was written at `savedAt` has this version on the server; null: it will never take it. */
  onSent: (uid: string, savedAt: number, version: number | null) => void
  /** The server has another draft, or takes none any more. */
  onStanding: (uid: string, standing: DraftStanding) => void
}

/** Of the draft in this browser and the one on the server the one to show: the later, if both were written. */
export function reconcile(
  mine: StoredDraft | null,
  theirs: ServerDraft | null,
  k: number,
  browser: string,
): { stored: StoredDraft | null; elsewhere: Elsewhere | null } {
  if (!theirs) {
    // What the server once had of it is gone there: it is new to it again.
    const isNew = mine !== null && mine.version > 0
    return { stored: isNew ? { ...mine, version: 0, isUnsent: true } : mine, elsewhere: null }
  }
  const draft = draftOf(theirs.content.draft, k)
  if (!draft || (mine && theirs.version <= mine.version)) return { stored: mine, elsewhere: null }
  const { version } = theirs
  const taken = { draft, savedAt: Date.parse(theirs.at), version, isUnsent: false }
  if (!mine || !hasContent(mine.draft) || isSameDraft(mine.draft, draft))
    return { stored: taken, elsewhere: null }
  const isMineLater = mine.isUnsent && mine.savedAt > taken.savedAt
  const elsewhere: Elsewhere = isMineLater
    ? { shown: 'mine', other: draft }
    : { shown: 'theirs', other: mine.draft }
  return {
    stored: isMineLater ? { ...mine, version } : taken,
    // What a tab of this very browser wrote is one's own: the tabs follow each other.
    elsewhere: theirs.content.browser === browser ? null : elsewhere,
  }
}

/**
 * Brings the draft on the screen to the server, behind the work and without ever holding it up: what
 * cannot be sent now goes with the next change, heartbeat or return of the network.
 */
export class DraftSync {
  private sending: Promise<void> | null = null
  private isPlanned = false
  private firstChange = 0
  private lastChange = 0

  constructor(private readonly options: DraftSyncOptions) {}

  /** Something was decided. */
  changed(): void {
    this.lastChange = this.options.now()
    if (this.isPlanned) return
    this.isPlanned = true
    this.firstChange = this.lastChange
    this.plan(QUIET_MS)
  }

  /** Send what is unsent, one request at a time. */
  send(): Promise<void> {
    const unsent = this.options.unsent()
    if (unsent) {
      this.sending ??= this.sendNow(unsent).finally(() => {
        this.sending = null
      })
    }
    return this.sending ?? Promise.resolve()
  }

  /** Ask how the server has it; null when it does not answer: the next heartbeat looks again. */
  async look(uid: string): Promise<DraftStanding['state'] | null> {
    try {
      const standing = await this.options.api.readDraft(uid)
      this.options.onStanding(uid, standing)
      return standing.state
    } catch {
      return null
    }
  }

  private plan(wait: number): void {
    this.options.schedule(() => {
      const due = Math.min(this.lastChange + QUIET_MS, this.firstChange + LONGEST_MS)
      const left = due - this.options.now()
      if (left > 0) return this.plan(left)
      this.isPlanned = false
      void this.send()
    }, wait)
  }

  private async sendNow({ uid, stored }: Unsent): Promise<void> {
    const { api, browser, onSent } = this.options
    try {
      const { draft } = await api.saveDraft(uid, {
        content: { draft: jsonOf(stored.draft), browser },
        version: stored.version,
        at: new Date(stored.savedAt).toISOString(),
      })
      onSent(uid, stored.savedAt, draft?.version ?? stored.version)
    } catch (problem) {
      if (!(problem instanceof ApiError)) return
      if (problem.status === 409) return void (await this.look(uid))
      const mayPass = problem.status >= 500 || problem.status === 401 || problem.status === 429
      if (!mayPass) onSent(uid, stored.savedAt, null)
    }
  }
}
