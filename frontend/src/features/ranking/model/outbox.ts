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
  what:
    | { kind: 'submit'; body: Submission }
    | { kind: 'amend'; annotation: string; body: Submission }
    | { kind: 'skip'; reason: string }
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

type StorageChange = Pick<StorageEvent, 'key' | 'oldValue' | 'newValue'>

export interface OutboxOptions<Sent> {
  user: number
  storage: Storage
  send: (entry: Entry) => Promise<Sent>
  onSent: (entry: Entry, sent: Sent) => void
  onRefused?: (entry: Entry) => void
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
  /** What the storage has no room for: it lasts as long as the page. */
  private readonly unstored = new Map<string, Entry>()

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

  /** Send a refused one again: what stood in its way may be gone. */
  retry(clientId: string): void {
    const entry = this.state.refused.find((other) => other.clientId === clientId)
    if (!entry) return
    this.write({ ...entry, refused: null })
    this.reload()
    void this.flush()
  }

  forget(clientId: string): void {
    this.unstored.delete(clientId)
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

  /** Which entry another tab has put in or taken out of the storage, if it was one. */
  heard({ key, oldValue, newValue }: StorageChange): Entry | null {
    if (!key?.startsWith(this.prefix)) return null
    return JSON.parse(newValue ?? oldValue ?? 'null') as Entry | null
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
      const refused = { ...entry, attempted: true, refused: problem.message }
      this.write(refused)
      this.reload()
      this.options.onRefused?.(refused)
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
    const stored = Array.from({ length: storage.length }, (_, index) => storage.key(index) ?? '')
      .filter((key) => key.startsWith(this.prefix))
      .map((key) => JSON.parse(storage.getItem(key) ?? 'null') as Entry | null)
      .filter((entry) => entry !== null)
    return [...stored, ...this.unstored.values()].sort(
      (one, other) => one.queuedAt - other.queuedAt,
    )
  }

  private write(entry: Entry): void {
    try {
      this.options.storage.setItem(this.prefix + entry.clientId, JSON.stringify(entry))
      this.unstored.delete(entry.clientId)
    } catch {
      this.options.storage.removeItem(this.prefix + entry.clientId)
      this.unstored.set(entry.clientId, entry)
    }
  }

  private update(change: Partial<OutboxState>): void {
    this.state = { ...this.state, ...change }
    for (const listener of this.listeners) listener()
  }
}
