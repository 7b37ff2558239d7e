import type { DraftStanding } from '@/lib/types'
import { ActiveClock } from './active-clock'
import type { Draft } from './draft'
import { EMPTY_DRAFT } from './draft'
import type { DraftApi, Elsewhere } from './draft-sync'
import { DraftSync, reconcile } from './draft-sync'
import type { Held } from './session-types'
import type { StoredDraft } from './storage'
import { browserName, isSameDraft, loadStored, saveStored } from './storage'

interface DraftKeeperOptions {
  api: DraftApi
  storage: Storage
  now: () => number
  schedule: (act: () => void, milliseconds: number) => void
  onChange: (kept: { draft: Draft; elsewhere: Elsewhere | null }) => void
  /** The comparison was answered elsewhere. */
  onAnswered: (uid: string) => void
}

const NOTHING: StoredDraft = { draft: EMPTY_DRAFT, savedAt: 0, version: 0, isUnsent: false }

/**
 * The draft on the screen and the time spent on it: in memory, in this browser's storage, which its tabs
 * share, and on the server, where another device finds it. Of two that were written the later one is shown,
 * and the other can be had in its place.
 */
export class DraftKeeper {
  private task: Held | null = null
  private stored = NOTHING
  private elsewhere: Elsewhere | null = null
  private clock: ActiveClock
  private readonly browser: string
  private readonly sync: DraftSync

  constructor(private readonly options: DraftKeeperOptions) {
    const { api, storage, now, schedule } = options
    this.clock = new ActiveClock(now())
    this.browser = browserName(storage)
    this.sync = new DraftSync({
      api,
      browser: this.browser,
      now,
      schedule,
      unsent: () => this.unsent(),
      onSent: (uid, savedAt, version) => this.onSent(uid, savedAt, version),
      onStanding: (uid, standing) => this.onStanding(uid, standing),
    })
  }

  /** Another comparison comes on the screen, with its draft; without one it begins with `first`. */
  show(task: Held | null, first: Draft = EMPTY_DRAFT): void {
    this.task = task
    this.elsewhere = null
    this.stored = { ...NOTHING, draft: first }
    if (task) {
      const kept = loadStored(this.options.storage, task.uid, task.completions.length)
      this.meet(kept, task)
    }
    this.clock = new ActiveClock(this.options.now(), this.stored.draft.activeSeconds)
    this.tell()
  }

  /** The comparison on the screen came again, maybe with a newer draft. */
  renew(task: Held): void {
    this.task = task
    this.meet(this.stored, task)
    this.tell()
  }

  /** Something was done to the draft. */
  change(draft: Draft): void {
    const isDecided = !isSameDraft(draft, this.stored.draft)
    this.keep({
      ...this.stored,
      draft: { ...draft, activeSeconds: this.clock.seconds() },
      ...(isDecided && { savedAt: this.options.now(), isUnsent: true }),
    })
    if (isDecided) this.sync.changed()
    this.tell()
  }

  /** Show the other of two drafts; the one that was shown can be had back. */
  swap(): void {
    if (!this.elsewhere) return
    const { shown, other } = this.elsewhere
    this.elsewhere = { shown: shown === 'mine' ? 'theirs' : 'mine', other: this.stored.draft }
    this.change({ ...other, activeSeconds: this.stored.draft.activeSeconds })
  }

  /** The draft that is shown is the right one. */
  settle(): void {
    this.elsewhere = null
    this.tell()
  }

  /** Another tab of this browser may have gone on with it. */
  follow(): void {
    if (!this.task) return
    const { uid, completions } = this.task
    const kept = loadStored(this.options.storage, uid, completions.length)
    if (!kept || (kept.savedAt <= this.stored.savedAt && kept.version <= this.stored.version))
      return
    this.stored = kept
    this.tell()
  }

  /** Send what is unsent now. */
  send(): Promise<void> {
    return this.sync.send()
  }

  /** Find out what became of the comparison on the screen. */
  async look(): Promise<DraftStanding['state'] | null> {
    return this.task && !this.task.amends ? this.sync.look(this.task.uid) : null
  }

  /** A sign of life; says for how many milliseconds there was none. */
  touch(): number {
    return this.clock.touch(this.options.now())
  }

  /** The page is in sight again: the time away was not spent on it. */
  resume(): void {
    this.clock.resume(this.options.now())
  }

  seconds(): number {
    return this.clock.seconds()
  }

  isActive(withinMs: number): boolean {
    return this.clock.isActive(this.options.now(), withinMs)
  }

  /** Lay the server's draft of the comparison beside the one that is here. */
  private meet(mine: StoredDraft | null, task: Held): void {
    const k = task.completions.length
    // An annotation that is amended has no draft on the server.
    const met = task.amends
      ? { stored: mine, elsewhere: null }
      : reconcile(mine, task.draft ?? null, k, this.browser)
    if (met.elsewhere) this.elsewhere = met.elsewhere
    if (met.stored && met.stored !== this.stored) this.keep(met.stored)
    if (met.stored?.isUnsent) this.sync.changed()
  }

  private keep(stored: StoredDraft): void {
    this.stored = stored
    if (this.task) saveStored(this.options.storage, this.task.uid, stored)
  }

  private unsent() {
    const { task, stored } = this
    return task && !task.amends && stored.isUnsent ? { uid: task.uid, stored } : null
  }

  private onSent(uid: string, savedAt: number, version: number | null): void {
    if (this.task?.uid !== uid) return
    const isWhole = this.stored.savedAt === savedAt
    this.keep({ ...this.stored, version: version ?? this.stored.version, isUnsent: !isWhole })
    if (!isWhole) this.sync.changed()
  }

  private onStanding(uid: string, standing: DraftStanding): void {
    if (this.task?.uid !== uid) return
    const { state, draft } = standing
    if (state === 'submitted' || state === 'skipped') this.options.onAnswered(uid)
    else this.renew({ ...this.task, draft })
  }

  private tell(): void {
    this.options.onChange({ draft: this.stored.draft, elsewhere: this.elsewhere })
  }
}
