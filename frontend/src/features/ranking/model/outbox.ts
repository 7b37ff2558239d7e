import { ApiError } from '@/lib/api'
import type { Submission, Task } from '@/lib/types'

/**
 * What was decided and is not yet known to be on the server: one record in the browser's storage for
 * each, so that tabs, reloads and dropped connections neither lose one nor send one's content twice
 * (the server knows a repeated `client_id`).
 */
export interface Entry {
  clientId: string
  campaign: number
  task: Task
  what: { kind: 'submit'; body: Submission } | { kind: 'skip'; reason: string }
  queuedAt: number
  /** A request has left, so the server may have it. */
  attempted: boolean
  /** The server's sentence, when it will never take this one. */
  refused: string | null
}

export interface OutboxState {
  waiting: Entry[]
  refused: Entry[]
  isSending: boolean
  /** Why the first one waits; null while all is well. */
  trouble: 'offline' | 'server' | 'login' | null
}

export interface OutboxOptions<Sent> {
  user: number
  storage: Storage
  send: (entry: Entry) => Promise<Sent>
  onSent: (entry: Entry, sent: Sent) => void
  schedule?: (retry: () => void, milliseconds: number) => void
}

const FIRST_RETRY_MS = 1_000
const LAST_RETRY_MS = 30_000

export class Outbox<Sent> {
  private readonly prefix: string
  private readonly listeners = new Set<() => void>()
  private state: OutboxState = { waiting: [], refused: [], isSending: false, trouble: null }
  private flushing: Promise<void> | null = null
  private retries = 0

  constructor(private readonly options: OutboxOptions<Sent>) {
    this.prefix = `plumbline.outbox.${options.user}.`
    this.reload()
  }

  readonly snapshot = () => this.state

  readonly subscribe = (listener: () => void) => {
    this.listeners.add(listener)
    return () => this.listeners.delete(listener)
  }

  add(entry: Omit<Entry, 'attempted' | 'refused'>): void {
    this.write({ ...entry, attempted: false, refused: null })
    this.reload()
    void this.flush()
  }

  /** Take back the newest one, if no request for it has left. */
  takeBack(clientId: string): Entry | null {
    const entry = this.state.waiting.find((other) => other.clientId === clientId)
    if (!entry || entry.attempted) return null
    this.forget(clientId)
    return entry
  }

  forget(clientId: string): void {
    this.options.storage.removeItem(this.prefix + clientId)
    this.reload()
  }

  /** Send what waits, oldest first. One flush at a time; it ends at the first that gets no answer. */
  flush(): Promise<void> {
    this.flushing ??= this.sendAll().finally(() => {
      this.flushing = null
      // One may have been added when the last look at the storage had been taken.
      if (this.state.waiting.length > 0 && this.state.trouble === null) void this.flush()
    })
    return this.flushing
  }

  /** Read the storage again: another tab may have added or sent some. */
  reload(): void {
    const entries = this.entries()
    this.update({
      waiting: entries.filter((entry) => entry.refused === null),
      refused: entries.filter((entry) => entry.refused !== null),
    })
  }

  private async sendAll(): Promise<void> {
    for (let entry = this.state.waiting[0]; entry; entry = this.state.waiting[0]) {
      this.write({ ...entry, attempted: true })
      this.reload()
      this.update({ isSending: true })
      const trouble = await this.sendOne(entry)
      this.update({ isSending: false, trouble })
      if (trouble !== null) return this.retryLater(trouble)
      this.retries = 0
    }
  }

  private async sendOne(entry: Entry): Promise<OutboxState['trouble']> {
    try {
      const sent = await this.options.send(entry)
      this.forget(entry.clientId)
      this.options.onSent(entry, sent)
      return null
    } catch (problem) {
      if (!(problem instanceof ApiError)) return 'offline'
      if (problem.status === 401) return 'login'
      if (problem.status === 429 || problem.status >= 500) return 'server'
      this.write({ ...entry, attempted: true, refused: problem.message })
      this.reload()
      return null
    }
  }

  private retryLater(trouble: OutboxState['trouble']): void {
    if (trouble === 'login') return
    const wait = Math.min(LAST_RETRY_MS, FIRST_RETRY_MS * 2 ** this.retries++)
    const schedule = this.options.schedule ?? ((retry, ms) => void setTimeout(retry, ms))
    schedule(() => void this.flush(), wait)
  }

  private entries(): Entry[] {
    const { storage } = this.options
    return Array.from({ length: storage.length }, (_, index) => storage.key(index) ?? '')
      .filter((key) => key.startsWith(this.prefix))
      .map((key) => JSON.parse(storage.getItem(key) ?? 'null') as Entry | null)
      .filter((entry) => entry !== null)
      .sort((one, other) => one.queuedAt - other.queuedAt)
  }

  private write(entry: Entry): void {
    this.options.storage.setItem(this.prefix + entry.clientId, JSON.stringify(entry))
  }

  private update(change: Partial<OutboxState>): void {
    this.state = { ...this.state, ...change }
    for (const listener of this.listeners) listener()
  }
}
