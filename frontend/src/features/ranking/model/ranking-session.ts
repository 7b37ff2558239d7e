import { sentenceOf } from '@/lib/api'
import { newUuid } from '@/lib/new-uuid'
import type { MineAnnotation, TaskSettings, Undone } from '@/lib/types'
import { answerOf, draftOfAnswer, taskToAmend } from './answer'
import type { Sent } from './deliver'
import { deliver } from './deliver'
import type { DraftAction, Step } from './draft'
import { draftReducer, nextStep } from './draft'
import { DraftKeeper } from './draft-keeper'
import type { Asked } from './judging'
import { askedBy } from './judging'
import { keepAsDraft } from './late-answer'
import type { Entry } from './outbox'
import { Outbox } from './outbox'
import type { Held, RankingState, SessionOptions } from './session-types'
import { NOTHING_YET } from './session-types'
import { Sitting } from './sitting'
import { dropDraft, isSameDraft, pruneDrafts, saveStored } from './storage'
import { TaskQueue } from './task-queue'
import { Undoing } from './undoing'

/** Who has shown no sign of life for this long has left: their leases are let run out. */
const AWAY_MS = 5 * 60_000
/** After this long without a sign of life, the first one looks at what happened elsewhere. */
const PAUSE_MS = 45_000

/** One annotator at work in one campaign: what is on the screen, what comes next, what is being saved. */
export class RankingSession {
  private state: RankingState
  private readonly listeners = new Set<() => void>()
  private readonly outbox: Outbox<Sent>
  private readonly keeper: DraftKeeper
  private readonly queue: TaskQueue
  private readonly now: () => number
  private readonly sitting: Sitting
  private asks: TaskSettings
  private readonly undoing: Undoing

  constructor(private readonly options: SessionOptions) {
    const { api, storage, user, campaign } = options
    const schedule = options.schedule ?? ((act, ms) => void setTimeout(act, ms))
    this.now = options.now ?? Date.now
    this.asks = options.task
    this.sitting = new Sitting(this.now(), options.task.break_minutes)
    pruneDrafts(storage, this.now())
    this.outbox = new Outbox<Sent>({
      user,
      storage,
      schedule,
      send: (entry) => deliver(api, entry),
      onSent: (entry, sent) => this.sent(entry, sent),
      onRefused: (entry) => this.refused(entry),
    })
    this.undoing = new Undoing({
      api,
      outbox: this.outbox,
      storage,
      user,
      campaign,
      onUndone: (undone, seconds) => this.restore(undone, seconds),
    })
    this.state = { ...NOTHING_YET, outbox: this.outbox.snapshot(), canUndo: this.canUndo() }
    this.queue = new TaskQueue(
      {
        api,
        storage,
        user,
        campaign,
        isAmending: options.amend !== undefined,
        onTasks: (queue, isNew) => {
          this.update({ queue })
          if (isNew) this.keeper.show(queue[0] ?? null)
        },
        onRenewed: (task) => this.keeper.renew(task),
        onAsked: (progress, isOffline) =>
          this.update({ isOffline, isStarting: false, ...(progress && { progress }) }),
        onNotice: (notice) => this.update({ notice }),
        onOver: (notice) => this.state.notice === notice && this.dismissNotice(),
        look: () => this.keeper.look(),
      },
      this.outbox.snapshot().waiting,
    )
    this.keeper = new DraftKeeper({
      api,
      storage,
      now: this.now,
      schedule,
      onChange: (kept) => this.update(kept),
      onAnswered: (uid) => {
        dropDraft(storage, uid)
        this.queue.answered(uid)
      },
    })
    this.outbox.subscribe(() => this.update({ outbox: this.outbox.snapshot() }))
  }

  readonly snapshot = () => this.state

  readonly subscribe = (listener: () => void) => {
    this.listeners.add(listener)
    return () => this.listeners.delete(listener)
  }

  /** Send what an earlier visit left behind, then ask what waits. */
  async start(): Promise<void> {
    const { amend } = this.options
    if (amend) {
      this.beginAmending(amend)
      return this.outbox.flush()
    }
    await Promise.race([this.outbox.flush(), new Promise((go) => setTimeout(go, 1_500))])
    await this.refill()
  }

  /** Top up the comparisons at hand. */
  refill(): Promise<void> {
    return this.queue.refill()
  }

  dispatch(action: DraftAction): void {
    const [task] = this.state.queue
    if (!task) return
    this.keeper.touch()
    this.keeper.change(draftReducer(this.state.draft, action, this.askedOf(task)))
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
    this.keeper.touch()
    const clientId = this.newId()
    const answer = answerOf(this.state.draft, this.askedOf(task), this.keeper.seconds())
    const body = { client_id: clientId, ...answer }
    const { amends: annotation } = task
    this.settle(
      task,
      clientId,
      annotation ? { kind: 'amend', annotation, body } : { kind: 'submit', body },
    )
    return null
  }

  skip(reason: string): void {
    const [task] = this.state.queue
    if (task) this.settle(task, this.newId(), { kind: 'skip', reason })
  }

  /** Bring the last submitted comparison back as it was. */
  async undo(): Promise<void> {
    if (this.state.isUndoing || this.options.amend) return
    this.update({ isUndoing: true, notice: null })
    try {
      await this.undoing.undo()
      void this.refill()
    } catch (problem) {
      this.update({ notice: `Nothing was undone. ${sentenceOf(problem)}` })
    } finally {
      this.update({ isUndoing: false })
    }
  }

  /** Hold the leases while their annotator is at work, and bring the draft to the server. */
  async heartbeat(): Promise<void> {
    void this.keeper.send()
    if (!this.keeper.isActive(AWAY_MS)) return
    await this.queue.hold()
  }

  touch(): void {
    this.sitting.touch(this.now())
    if (this.keeper.touch() > PAUSE_MS) void this.refill()
  }

  /** The campaign asks otherwise now: what is submitted from here on is held against that. */
  follow(settings: TaskSettings): void {
    this.asks = settings
  }

  /** Called now and then: a long sitting is told of between two notices that matter more. */
  remindOfBreak(): void {
    if (this.state.notice !== null || !this.sitting.isBreakDue(this.now())) return
    this.update({ notice: this.sitting.reminder })
  }

  /** The page is in sight again after it was hidden. */
  resume(): void {
    this.keeper.resume()
    this.retryNow()
  }

  /** The page is about to be hidden or closed. */
  pause(): void {
    this.keeper.touch()
    if (this.state.queue.length > 0) this.keeper.change(this.state.draft)
    void this.keeper.send()
  }

  /** The network is back. */
  retryNow(): void {
    void this.outbox.flush()
    void this.keeper.send()
    void this.refill()
  }

  /** Show the other of two drafts. */
  swapDraft(): void {
    this.keeper.swap()
  }

  keepShownDraft(): void {
    this.keeper.settle()
  }

  retryRefused(clientId: string): void {
    this.outbox.retry(clientId)
  }

  forgetRefused(clientId: string): void {
    this.outbox.forget(clientId)
  }

  dismissNotice(): void {
    this.update({ notice: null })
  }

  /** What was changed and not submitted goes: of what is amended, what stands is on the screen again. */
  leaveAsItWas(): void {
    const { amend } = this.options
    if (amend) this.keeper.change(draftOfAnswer(amend, this.askedOf(taskToAmend(amend))))
  }

  /** Another tab of this person changed the storage: what it answered is off this screen too. */
  followOtherTab(change: Pick<StorageEvent, 'key' | 'oldValue' | 'newValue'>): void {
    const entry = this.outbox.heard(change)
    this.outbox.reload()
    this.undoing.reload()
    this.queue.followOtherTab(entry, change.newValue === null)
    this.keeper.follow()
  }

  private beginAmending(amend: MineAnnotation): void {
    const task = taskToAmend(amend)
    const stands = draftOfAnswer(amend, this.askedOf(task))
    this.update({ isStarting: false })
    this.queue.putFirst(task)
    this.keeper.show(task, stands)
    this.update({ isResumed: !isSameDraft(this.state.draft, stands) })
  }

  private askedOf(task: Held): Asked {
    return askedBy(this.asks, task.completions.length)
  }

  private restore(undone: Undone, seconds: number): void {
    const task = undone.assignment
    this.pause()
    const draft = { ...draftOfAnswer(undone, this.askedOf(task)), activeSeconds: seconds }
    saveStored(this.options.storage, task.uid, {
      draft,
      savedAt: this.now(),
      version: task.draft?.version ?? 0,
      isUnsent: true,
    })
    this.queue.putFirst(task)
  }

  private settle(task: Held, clientId: string, what: Entry['what']): void {
    const { campaign } = this.options
    this.outbox.add({ clientId, campaign, task, what, queuedAt: this.now() })
    dropDraft(this.options.storage, task.uid)
    this.queue.settle(task.uid)
    this.update({ notice: null })
    if (this.state.queue.length === 0) void this.refill()
  }

  private sent({ campaign, what }: Entry, sent: Sent): void {
    if (sent && campaign === this.options.campaign) {
      this.undoing.recorded(what, sent.uid)
      this.update({ progress: sent.progress })
      if (what.kind === 'amend' && this.options.amend) this.options.onAmended?.()
    }
    if (this.outbox.snapshot().waiting.length === 0) void this.refill()
  }

  /** It may be offered again: then it is to be shown again, with what was said as its draft. */
  private refused(entry: Entry): void {
    this.queue.reopen(entry.task.uid)
    void keepAsDraft(this.options.api, entry, this.askedOf(entry.task))
  }

  private canUndo(): boolean {
    return !this.options.amend && this.undoing.isPossible
  }

  private newId(): string {
    return this.options.newId?.() ?? newUuid()
  }

  private update(change: Partial<RankingState>): void {
    this.state = { ...this.state, ...change, canUndo: this.canUndo() }
    for (const listener of this.listeners) listener()
  }
}
