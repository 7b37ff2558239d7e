import { ApiError, sentenceOf } from '@/lib/api'
import { newUuid } from '@/lib/new-uuid'
import type { Submission, Submitted, Task, Undone } from '@/lib/types'
import { ActiveClock } from './active-clock'
import type { Draft, DraftAction, Step } from './draft'
import { decidedGaps, draftReducer, EMPTY_DRAFT, nextStep } from './draft'
import type { Asked } from './judging'
import { askedBy, sendable } from './judging'
import type { Entry } from './outbox'
import { Outbox } from './outbox'
import { Sitting } from './sitting'
import type { RankingState, SessionOptions } from './session-types'
import { mergeLeases, withoutTask, withTaskFirst } from './queue'
import { dropDraft, loadDraft, loadUndo, pruneDrafts, saveDraft, saveUndo } from './storage'

/** The one on the screen and two behind it. */
const WANT = 3
/** Who has shown no sign of life for this long has left: their leases are let run out. */
const AWAY_MS = 5 * 60_000

type Sent = Submitted | undefined

/** One annotator at work in one campaign: what is on the screen, what comes next, what is being saved. */
export class RankingSession {
  private state: RankingState
  private readonly listeners = new Set<() => void>()
  private readonly outbox: Outbox<Sent>
  private readonly done = new Set<string>()
  private readonly now: () => number
  private clock: ActiveClock
  private readonly sitting: Sitting
  private undoable: string[]
  private leasing: Promise<void> | null = null
  private mustAskAgain = false

  constructor(private readonly options: SessionOptions) {
    this.now = options.now ?? Date.now
    this.clock = new ActiveClock(this.now())
    this.sitting = new Sitting(this.now(), options.task.break_minutes)
    this.undoable = loadUndo(options.storage, options.user, options.campaign)
    pruneDrafts(options.storage, this.now())
    this.outbox = new Outbox<Sent>({
      user: options.user,
      storage: options.storage,
      schedule: options.schedule,
      send: (entry) => this.send(entry),
      onSent: (entry, sent) => this.sent(entry, sent),
    })
    for (const entry of this.outbox.snapshot().waiting) this.done.add(entry.task.uid)
    this.state = {
      queue: [],
      draft: EMPTY_DRAFT,
      progress: null,
      outbox: this.outbox.snapshot(),
      isStarting: true,
      isUndoing: false,
      canUndo: this.canUndo(),
      notice: null,
    }
    this.outbox.subscribe(() => this.update({ outbox: this.outbox.snapshot() }))
  }

  readonly snapshot = () => this.state

  readonly subscribe = (listener: () => void) => {
    this.listeners.add(listener)
    return () => this.listeners.delete(listener)
  }

  /** Send what an earlier visit left behind, then ask what waits. */
  async start(): Promise<void> {
    await Promise.race([this.outbox.flush(), new Promise((go) => setTimeout(go, 1_500))])
    await this.refill()
  }

  /** Top up the comparisons at hand. Asked while an answer is out, it asks once more after that one. */
  refill(): Promise<void> {
    this.mustAskAgain = this.leasing !== null
    this.leasing ??= this.askForWork().finally(() => {
      this.leasing = null
      if (this.mustAskAgain) void this.refill()
    })
    return this.leasing
  }

  dispatch(action: DraftAction): void {
    const [task] = this.state.queue
    if (!task) return
    this.clock.touch(this.now())
    this.keepDraft(task, draftReducer(this.state.draft, action, this.askedOf(task)))
  }

  /** What the comparison on the screen still wants. */
  step(): Step | null {
    const [task] = this.state.queue
    return task ? nextStep(this.state.draft, this.askedOf(task)) : null
  }

  /** Submit when complete; the next one is on the screen when this returns. Else says what is missing. */
  submit(): Step | null {
    const [task] = this.state.queue
    const step = this.step()
    if (!task || step?.kind !== 'submit') return step
    this.clock.touch(this.now())
    const { draft } = this.state
    const clientId = this.newId()
    const body: Submission = {
      client_id: clientId,
      ranking: draft.order,
      gaps: decidedGaps(draft),
      completions: sendable(draft.said, this.askedOf(task)),
      all_bad: draft.allBad,
      rationale: draft.rationale.trim(),
      active_seconds: this.clock.seconds(),
    }
    this.settle(task, clientId, { kind: 'submit', body })
    return null
  }

  skip(reason: string): void {
    const [task] = this.state.queue
    if (task) this.settle(task, this.newId(), { kind: 'skip', reason })
  }

  /** Bring the last submitted comparison back as it was. */
  async undo(): Promise<void> {
    if (this.state.isUndoing) return
    this.update({ isUndoing: true, notice: null })
    try {
      await this.undoLast()
    } catch (problem) {
      this.update({ notice: `Nothing was undone. ${sentenceOf(problem)}` })
    } finally {
      this.update({ isUndoing: false })
    }
  }

  /** Hold the leases while their annotator is at work. */
  async heartbeat(): Promise<void> {
    if (!this.clock.isActive(this.now(), AWAY_MS)) return
    await Promise.all(this.state.queue.map((task) => this.hold(task)))
  }

  touch(): void {
    this.clock.touch(this.now())
    this.sitting.touch(this.now())
  }

  /** Called now and then: a long sitting is told of between two notices that matter more. */
  remindOfBreak(): void {
    if (this.state.notice !== null || !this.sitting.isBreakDue(this.now())) return
    const { break_minutes: minutes } = this.options.task
    const notice = `You have been at it for ${minutes} minutes. A few minutes away help eyes and judgement.`
    this.update({ notice })
  }

  /** The page is in sight again after it was hidden. */
  resume(): void {
    this.clock.resume(this.now())
    void this.outbox.flush()
    void this.refill()
  }

  /** The page is about to be hidden or closed. */
  pause(): void {
    const [task] = this.state.queue
    this.clock.touch(this.now())
    if (task) this.keepDraft(task, this.state.draft)
  }

  retryNow(): void {
    void this.outbox.flush()
  }

  forgetRefused(clientId: string): void {
    this.outbox.forget(clientId)
  }

  dismissNotice(): void {
    this.update({ notice: null })
  }

  /** Another tab of this person changed the storage: what it answered is off this screen too. */
  followOtherTab(): void {
    this.outbox.reload()
    for (const entry of this.outbox.snapshot().waiting) this.done.add(entry.task.uid)
    this.undoable = loadUndo(this.options.storage, this.options.user, this.options.campaign)
    this.setQueue(this.state.queue.filter((task) => !this.done.has(task.uid)))
  }

  private async undoLast(): Promise<void> {
    const pending = this.pendingSubmits().at(-1)
    const taken = pending && this.outbox.takeBack(pending.clientId)
    if (taken?.what.kind === 'submit') {
      this.restore({ assignment: taken.task, ...taken.what.body }, taken.what.body.active_seconds)
      return
    }
    if (pending) await this.outbox.flush()
    if (this.pendingSubmits().length > 0) {
      throw new Error(
        'The last ranking is on its way; it can be undone when the connection is back.',
      )
    }
    await this.undoSaved()
  }

  private async undoSaved(): Promise<void> {
    const annotation = this.undoable.at(-1)
    if (!annotation) throw new Error('There is nothing of yours to undo here.')
    try {
      this.restore(await this.options.api.undo(annotation), 0)
    } catch (problem) {
      if (!(problem instanceof ApiError) || problem.status === 401 || problem.status >= 500)
        throw problem
      this.setUndoable([])
      throw problem
    }
    this.setUndoable(this.undoable.slice(0, -1))
    void this.refill()
  }

  private askedOf(task: Task): Asked {
    return askedBy(this.options.task, task.completions.length)
  }

  private restore(undone: Undone, seconds: number): void {
    const task = undone.assignment
    // Where thumbs stand instead of a ranking, the server makes one from them.
    const { isOneSided } = this.askedOf(task)
    this.pause()
    this.done.delete(task.uid)
    const draft: Draft = {
      ...EMPTY_DRAFT,
      order: isOneSided ? [] : undone.ranking,
      gaps: isOneSided ? [] : undone.gaps,
      gapFocus: Math.max(0, undone.gaps.length - 1),
      said: undone.completions,
      allBad: undone.all_bad,
      rationale: undone.rationale,
      activeSeconds: seconds,
    }
    saveDraft(this.options.storage, task.uid, draft, this.now())
    this.setQueue(withTaskFirst(this.state.queue, task))
  }

  private settle(task: Task, clientId: string, what: Entry['what']): void {
    this.done.add(task.uid)
    const { campaign } = this.options
    this.outbox.add({ clientId, campaign, task, what, queuedAt: this.now() })
    dropDraft(this.options.storage, task.uid)
    this.setQueue(withoutTask(this.state.queue, task.uid))
    this.update({ notice: null })
    if (this.state.queue.length === 0) void this.refill()
  }

  private send(entry: Entry): Promise<Sent> {
    const { api } = this.options
    return entry.what.kind === 'submit'
      ? api.submit(entry.task.uid, entry.what.body)
      : api.skip(entry.task.uid, entry.what.reason)
  }

  private sent(entry: Entry, sent: Sent): void {
    if (sent && entry.campaign === this.options.campaign) {
      this.setUndoable([...this.undoable, sent.uid])
      this.update({ progress: sent.progress })
    }
    if (this.outbox.snapshot().waiting.length === 0) void this.refill()
  }

  private async askForWork(): Promise<void> {
    try {
      const { assignments, progress } = await this.options.api.lease(this.options.campaign, WANT)
      this.update({ progress, isStarting: false })
      this.setQueue(mergeLeases(this.state.queue, assignments, this.done))
    } catch (problem) {
      const isEmpty = this.state.queue.length === 0
      this.update({ isStarting: false, notice: isEmpty ? sentenceOf(problem) : this.state.notice })
    }
  }

  private async hold(task: Task): Promise<void> {
    try {
      await this.options.api.extendLease(task.uid)
    } catch (problem) {
      if (!(problem instanceof ApiError) || problem.status === 401 || problem.status >= 500) return
      if (this.state.queue[0]?.uid === task.uid) {
        this.update({
          notice:
            'Your hold on this comparison has run out. You can still submit it: it counts if nobody else has taken it.',
        })
      } else {
        this.setQueue(withoutTask(this.state.queue, task.uid))
      }
    }
  }

  /** Put up the first of the queue, with its draft if there is one. */
  private setQueue(queue: Task[]): void {
    const [task] = queue
    if (task?.uid === this.state.queue[0]?.uid) return this.update({ queue })
    const draft = task && loadDraft(this.options.storage, task.uid, task.completions.length)
    this.clock = new ActiveClock(this.now(), draft?.activeSeconds)
    this.update({ queue, draft: draft ?? EMPTY_DRAFT })
  }

  private keepDraft(task: Task, draft: Draft): void {
    const kept = { ...draft, activeSeconds: this.clock.seconds() }
    saveDraft(this.options.storage, task.uid, kept, this.now())
    this.update({ draft: kept })
  }

  private pendingSubmits(): Entry[] {
    const { campaign } = this.options
    return this.outbox
      .snapshot()
      .waiting.filter((entry) => entry.campaign === campaign && entry.what.kind === 'submit')
  }

  private canUndo(): boolean {
    return this.undoable.length > 0 || this.pendingSubmits().length > 0
  }

  private setUndoable(uids: string[]): void {
    this.undoable = uids
    saveUndo(this.options.storage, this.options.user, this.options.campaign, uids)
  }

  private newId(): string {
    return this.options.newId?.() ?? newUuid()
  }

  private update(change: Partial<RankingState>): void {
    this.state = { ...this.state, ...change, canUndo: this.canUndo() }
    for (const listener of this.listeners) listener()
  }
}
