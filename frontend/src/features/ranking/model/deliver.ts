import type { Submitted } from '@/lib/types'
import type { Entry } from './outbox'
import type { RankingApi } from './session-types'

/** What the server answers to an entry of the outbox; nothing to a skip. */
export type Sent = Submitted | undefined

export function deliver(api: RankingApi, { task, what }: Entry): Promise<Sent> {
  if (what.kind === 'submit') return api.submit(task.uid, what.body)
  if (what.kind === 'amend') return api.amend(what.annotation, what.body)
  return api.skip(task.uid, what.reason)
}
