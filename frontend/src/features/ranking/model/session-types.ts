import type {
  Lease,
  RankingProgress,
  Submission,
  Submitted,
  Task,
  TaskSettings,
  Undone,
} from '@/lib/types'
import type { Draft } from './draft'
import type { OutboxState } from './outbox'

export interface RankingApi {
  lease: (campaign: number, want: number) => Promise<Lease>
  extendLease: (uid: string) => Promise<{ deadline: string }>
  skip: (uid: string, reason: string) => Promise<undefined>
  submit: (uid: string, body: Submission) => Promise<Submitted>
  undo: (annotation: string) => Promise<Undone>
}

export interface SessionOptions {
  api: RankingApi
  storage: Storage
  user: number
  campaign: number
  task: TaskSettings
  now?: () => number
  newId?: () => string
  schedule?: (retry: () => void, milliseconds: number) => void
}

export interface RankingState {
  queue: Task[]
  draft: Draft
  progress: RankingProgress | null
  outbox: OutboxState
  /** The first answer about what waits is still out. */
  isStarting: boolean
  isUndoing: boolean
  canUndo: boolean
  /** One sentence about something the annotator should know. */
  notice: string | null
}
