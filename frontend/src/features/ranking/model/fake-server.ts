import { ApiError, OfflineError } from '@/lib/api'
import { settingsWith } from '@/lib/settings-for-tests'
import type {
  DraftStanding,
  Lease,
  RankingProgress,
  ServerDraft,
  Submission,
  Task,
  Undone,
} from '@/lib/types'
import { RankingSession } from './ranking-session'
import type { RankingApi, SessionOptions } from './session-types'

export const progress: RankingProgress = {
  round: 4,
  state: 'collecting',
  mine: 0,
  mine_total: 10,
  done: 0,
  wanted: 10,
  waiting: true,
  reason: 'ok',
}

export const task = (uid: string, k = 2): Task => ({
  uid,
  deadline: '',
  prompt: [{ role: 'user', content: uid }],
  completions: Array.from({ length: k }, (_, position) => ({ position, text: `${position}` })),
})

/** For tests: a server of four comparisons that keeps what is submitted, and drafts as the real one does. */
export class FakeServer implements RankingApi {
  tasks = ['one', 'two', 'three', 'four'].map((uid) => task(uid))
  saved: { uid: string; body: Submission }[] = []
  isDown = false
  refusal: ApiError | null = null
  extended: string[] = []
  drafts = new Map<string, ServerDraft>()
  /** What became of comparisons that are answered. */
  answered = new Map<string, DraftStanding['state']>()

  private async answer<T>(make: () => T): Promise<T> {
    await Promise.resolve()
    if (this.isDown) throw new OfflineError()
    if (this.refusal) throw this.refusal
    return make()
  }
  private settle(uid: string, state: DraftStanding['state']) {
    this.tasks = this.tasks.filter((other) => other.uid !== uid)
    this.answered.set(uid, state)
    this.drafts.delete(uid)
  }
  private standing(uid: string): DraftStanding {
    return { state: this.answered.get(uid) ?? 'leased', draft: this.drafts.get(uid) ?? null }
  }
  lease = (_: number, want: number): Promise<Lease> =>
    this.answer(() => ({
      assignments: this.tasks
        .slice(0, want)
        .map((held) => ({ ...held, draft: this.drafts.get(held.uid) ?? null })),
      progress: { ...progress, mine: this.saved.length },
    }))
  extendLease = (uid: string) =>
    this.answer(() => {
      this.extended.push(uid)
      return { deadline: '' }
    })
  skip = (uid: string) =>
    this.answer(() => {
      this.settle(uid, 'skipped')
      return undefined
    })
  submit = (uid: string, body: Submission) =>
    this.answer(() => {
      this.saved.push({ uid, body })
      this.settle(uid, 'submitted')
      return { uid: `annotation-${uid}`, progress: { ...progress, mine: this.saved.length } }
    })
  amend = (annotation: string, body: Submission) =>
    this.answer(() => {
      this.saved.push({ uid: annotation, body })
      return { uid: `${annotation}-changed`, progress }
    })
  readDraft = (uid: string) => this.answer(() => this.standing(uid))
  saveDraft = (uid: string, draft: ServerDraft) =>
    this.answer(() => {
      const known = this.drafts.get(uid)?.version ?? 0
      if (known !== draft.version || this.answered.has(uid)) throw new ApiError(409, 'Newer.')
      // As over the wire.
      const kept = JSON.parse(JSON.stringify({ ...draft, version: known + 1 })) as ServerDraft
      this.drafts.set(uid, kept)
      return this.standing(uid)
    })
  undo = (annotation: string): Promise<Undone> =>
    this.answer(() => {
      const last = this.saved.pop()
      if (!last || annotation !== `annotation-${last.uid}`)
        throw new ApiError(409, 'Not the newest.')
      this.tasks = [task(last.uid), ...this.tasks]
      this.answered.delete(last.uid)
      return { assignment: task(last.uid), ...last.body }
    })
}

/** A session at this server; its retries and plans are only made when the test makes them. */
export function begin(
  api: RankingApi,
  now: () => number = () => 1_000,
  more: Partial<SessionOptions> = {},
) {
  let ids = 0
  return new RankingSession({
    api,
    storage: localStorage,
    user: 7,
    campaign: 1,
    task: settingsWith(),
    now,
    newId: () => `id-${now()}-${++ids}`,
    schedule: () => undefined,
    ...more,
  })
}

/** Until what was begun has been answered. */
export const settled = () => new Promise((resolve) => setTimeout(resolve))

/** The person chooses on the strip between the two completions. */
export const choose = (session: RankingSession, choice: number) =>
  session.dispatch({ type: 'strip', choice })
