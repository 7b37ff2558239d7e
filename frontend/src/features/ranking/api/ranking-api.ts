import { get, post, put } from '@/lib/api'
import type {
  DraftStanding,
  Lease,
  RankingProgress,
  ServerDraft,
  Submission,
  Undone,
} from '@/lib/types'

/** Comparisons held by this person; asks for more until `want` are. */
export const lease = (campaign: number, want: number) =>
  post<Lease>(`/campaigns/${campaign}/lease`, { want })

export const extendLease = (uid: string) => post<{ deadline: string }>(`/assignments/${uid}/extend`)

export const skip = (uid: string, reason: string) =>
  post<undefined>(`/assignments/${uid}/skip`, reason ? { reason } : {})

export const submit = (uid: string, submission: Submission) =>
  post<{ uid: string; progress: RankingProgress }>(`/assignments/${uid}/submit`, submission)

export const undo = (annotation: string) => post<Undone>(`/annotations/${annotation}/undo`)

export const amend = (annotation: string, submission: Submission) =>
  post<{ uid: string; progress: RankingProgress }>(`/annotations/${annotation}/amend`, submission)

export const readDraft = (uid: string) => get<DraftStanding>(`/assignments/${uid}/draft`)

export const saveDraft = (uid: string, draft: ServerDraft) =>
  put<DraftStanding>(`/assignments/${uid}/draft`, draft)
