import type { Submitted, Undone } from '@/lib/types'
import { isRefusal } from './leases'
import type { Entry, Outbox } from './outbox'
import type { RankingApi } from './session-types'
import { loadUndo, saveUndo } from './storage'

interface UndoingOptions {
  api: RankingApi
  outbox: Outbox<Submitted | undefined>
  storage: Storage
  user: number
  campaign: number
  /** What was said is taken back; `seconds` were spent on it, if that is known here. */
  onUndone: (undone: Undone, seconds: number) => void
}

/** Takes back the newest of one's answers: out of the outbox if it is still there, else on the server. */
export class Undoing {
  /** The annotations that can be reached, newest last; kept through reloads. */
  private uids: string[] = []

  constructor(private readonly options: UndoingOptions) {
    this.reload()
  }

  get isPossible(): boolean {
    return this.uids.length > 0 || this.waiting().length > 0
  }

  /** Another tab may have submitted or undone. */
  reload(): void {
    const { storage, user, campaign } = this.options
    this.uids = loadUndo(storage, user, campaign)
  }

  /** The server has recorded an answer. */
  recorded(what: Entry['what'], uid: string): void {
    if (what.kind === 'amend')
      this.save(this.uids.map((old) => (old === what.annotation ? uid : old)))
    else this.save([...this.uids, uid])
  }

  /** Throws what to tell the annotator when nothing was undone. */
  async undo(): Promise<void> {
    const { outbox, onUndone } = this.options
    const newest = this.waiting().at(-1)
    const taken = newest && outbox.takeBack(newest.clientId)
    if (taken?.what.kind === 'submit') {
      const { body } = taken.what
      return onUndone({ assignment: taken.task, ...body }, body.active_seconds)
    }
    if (newest) await outbox.flush()
    if (this.waiting().length > 0) {
      throw new Error(
        'The last ranking is on its way; it can be undone when the connection is back.',
      )
    }
    await this.undoRecorded()
  }

  private async undoRecorded(): Promise<void> {
    const newest = this.uids.at(-1)
    if (!newest) throw new Error('There is nothing of yours to undo here.')
    try {
      this.options.onUndone(await this.options.api.undo(newest), 0)
    } catch (problem) {
      if (isRefusal(problem)) this.save([])
      throw problem
    }
    this.save(this.uids.slice(0, -1))
  }

  /** The submits of this campaign that the server is not known to have. */
  private waiting(): Entry[] {
    const { outbox, campaign } = this.options
    const { waiting } = outbox.snapshot()
    return waiting.filter((entry) => entry.campaign === campaign && entry.what.kind === 'submit')
  }

  private save(uids: string[]): void {
    const { storage, user, campaign } = this.options
    this.uids = uids
    saveUndo(storage, user, campaign, uids)
  }
}
