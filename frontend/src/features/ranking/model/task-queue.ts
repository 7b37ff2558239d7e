import { OfflineError, sentenceOf } from '@/lib/api'
import type { DraftStanding, Lease, RankingProgress } from '@/lib/types'
import { Leases } from './leases'
import type { Entry } from './outbox'
import { mergeLeases, withoutTask, withTaskFirst } from './queue'
import type { Held, RankingApi } from './session-types'
import { loadHeld, saveHeld } from './storage'

const HOLD_LOST =
  'Your hold on this comparison has run out. You can still submit it: it counts if nobody else has taken it.'
const ANSWERED_ELSEWHERE =
  'You have answered that comparison in another tab or on another device. You find it under My rankings.'
const KEPT_HERE =
  'There is no connection. This is what your browser has kept: go on, and it is sent when the connection is back.'

interface TaskQueueOptions {
  api: RankingApi
  storage: Storage
  user: number
  campaign: number
  /** The first one is answered already and to be changed; nothing else is at hand. */
  isAmending: boolean
  /** `isNew`: another one is the first. */
  onTasks: (tasks: Held[], isNew: boolean) => void
  /** The first one came again, maybe with a newer draft. */
  onRenewed: (task: Held) => void
  /** The question what waits has an answer, or `isOffline`: got none. */
  onAsked: (progress: RankingProgress | null, isOffline: boolean) => void
  /** Something to tell. */
  onNotice: (notice: string) => void
  /** What was told does not hold any more. */
  onOver: (notice: string) => void
  /** What became of the first one on the server. */
  look: () => Promise<DraftStanding['state'] | null>
}

/**
 * The comparisons at hand, as the server, the other tabs and the other devices of this person leave them: the
 * first is on the screen, the others are fetched ahead.
 */
export class TaskQueue {
  private tasks: Held[] = []
  /** What this browser has answered: a lease that was asked for earlier may still list it. */
  private readonly done: Set<string>
  private readonly leases: Leases
  /** The first one, if it was told that it is no longer held. */
  private lost: string | null = null

  constructor(
    private readonly options: TaskQueueOptions,
    unsent: Entry[],
  ) {
    const { api, campaign } = options
    this.done = new Set(unsent.map((entry) => entry.task.uid))
    this.leases = new Leases({
      api,
      campaign,
      onLeased: (lease) => this.leased(lease),
      onTrouble: (problem) => this.couldNotLease(problem),
    })
  }

  /** Top up the comparisons at hand. */
  refill(): Promise<void> {
    return this.options.isAmending ? Promise.resolve() : this.leases.refill()
  }

  /** Hold on to all of them. */
  async hold(): Promise<void> {
    if (this.options.isAmending) return
    await Promise.all(this.tasks.map((task) => this.holdOne(task)))
  }

  /** This one is to be answered now, also if it was before. */
  putFirst(task: Held): void {
    this.done.delete(task.uid)
    this.set(withTaskFirst(this.tasks, task))
  }

  /** It is answered here. */
  settle(uid: string): void {
    this.done.add(uid)
    this.set(withoutTask(this.tasks, uid))
  }

  /** It may be offered again. */
  reopen(uid: string): void {
    this.done.delete(uid)
  }

  /** It was answered elsewhere. */
  answered(uid: string): void {
    this.settle(uid)
    this.options.onNotice(ANSWERED_ELSEWHERE)
    void this.refill()
  }

  /** Another tab has put an entry into the outbox, or taken one out. */
  followOtherTab(entry: Entry | null, isGone: boolean): void {
    if (entry && isGone && !entry.attempted) this.done.delete(entry.task.uid)
    else if (entry?.refused === null) this.done.add(entry.task.uid)
    this.set(this.tasks.filter((task) => !this.done.has(task.uid)))
  }

  private leased({ assignments, progress }: Lease): void {
    const before = this.tasks[0]?.uid
    this.options.onAsked(progress, false)
    this.options.onOver(KEPT_HERE)
    this.set(mergeLeases(this.tasks, assignments, this.done))
    const [current] = this.tasks
    if (!current || current.uid !== before) return
    if (assignments.some((task) => task.uid === before)) {
      this.lost = null
      this.options.onRenewed(current)
    } else void this.missed(current)
  }

  /** The first one is not among what this person holds. */
  private async missed(task: Held): Promise<void> {
    if ((await this.options.look()) === 'expired') this.tellLost(task)
  }

  private couldNotLease(problem: unknown): void {
    const isOffline = problem instanceof OfflineError
    this.options.onAsked(null, isOffline)
    if (this.tasks.length > 0) return
    const { storage, user, campaign } = this.options
    const kept = isOffline ? loadHeld(storage, user, campaign) : []
    const open = mergeLeases([], kept, this.done)
    if (open.length > 0) this.set(open)
    this.options.onNotice(open.length > 0 ? KEPT_HERE : sentenceOf(problem))
  }

  private async holdOne(task: Held): Promise<void> {
    if (await this.leases.extend(task)) return
    if (this.tasks[0]?.uid !== task.uid) return this.set(withoutTask(this.tasks, task.uid))
    await this.options.look()
    this.tellLost(task)
  }

  /** Once for each time that it is lost. */
  private tellLost({ uid }: Held): void {
    if (this.tasks[0]?.uid !== uid || this.lost === uid) return
    this.lost = uid
    this.options.onNotice(HOLD_LOST)
  }

  private set(tasks: Held[]): void {
    const { storage, user, campaign, onTasks } = this.options
    const isNew = tasks[0]?.uid !== this.tasks[0]?.uid
    this.tasks = tasks
    if (!this.options.isAmending) saveHeld(storage, user, campaign, tasks)
    onTasks(tasks, isNew)
  }
}
