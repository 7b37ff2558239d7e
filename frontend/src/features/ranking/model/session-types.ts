import type {
  Lease,
  MineAnnotation,
  RankingProgress,
  Submission,
  Submitted,
  Task,
  TaskSettings,
  Undone,
} from '@/lib/types'
import type { Draft } from './draft'
import { EMPTY_DRAFT } from './draft'
import type { DraftApi, Elsewhere } from './draft-sync'
import type { OutboxState } from './outbox'

/** A comparison at hand; `amends` is the annotation of it that is to be changed. */
export interface Held extends Task {
  amends?: string
}

export interface RankingApi extends DraftApi {
  lease: (campaign: number, want: number) => Promise<Lease>
  extendLease: (uid: string) => Promise<{ deadline: string }>
  skip: (uid: string, reason: string) => Promise<undefined>
  submit: (uid: string, body: Submission) => Promise<Submitted>
  amend: (annotation: string, body: Submission) => Promise<Submitted>
  undo: (annotation: string) => Promise<Undone>
}

export interface SessionOptions {
  api: RankingApi
  storage: Storage
  user: number
  campaign: number
  task: TaskSettings
  /** Only this one of one's annotations is to be changed. */
  amend?: MineAnnotation
  /** It is changed, on the server. */
  onAmended?: () => void
  now?: () => number
  newId?: () => string
  schedule?: (retry: () => void, milliseconds: number) => void
}

export interface RankingState {
  queue: Held[]
  draft: Draft
  /** Another device had a draft of the same comparison. */
  elsewhere: Elsewhere | null
  progress: RankingProgress | null
  outbox: OutboxState
  /** The first answer about what waits is still out. */
  isStarting: boolean
  /** The last question what waits got no answer. */
  isOffline: boolean
  isUndoing: boolean
  /** What is amended was begun to be changed before: the draft on the screen is from then. */
  isResumed: boolean
  canUndo: boolean
  /** One sentence about something the annotator should know. */
  notice: string | null
}

/** Before the first answer. */
export const NOTHING_YET: Omit<RankingState, 'outbox'> = {
  queue: [],
  draft: EMPTY_DRAFT,
  elsewhere: null,
  progress: null,
  isStarting: true,
  isOffline: false,
  isUndoing: false,
  isResumed: false,
  canUndo: false,
  notice: null,
}
