import { queryOptions, useMutation, useQueryClient } from '@tanstack/react-query'
import { get, post } from './api'
import type { Thread } from './types'

/** What reviewers wrote about one's own annotations in a campaign, the newest first. */
export const ownThreadsQuery = (campaign: number) =>
  queryOptions({
    queryKey: ['notes', 'own', campaign],
    queryFn: () => get<Thread[]>(`/campaigns/${campaign}/me/feedback`),
  })

/** What was written about the annotations of a campaign, for those who run it. */
export const threadsQuery = (campaign: number) =>
  queryOptions({
    queryKey: ['notes', 'all', campaign],
    queryFn: () => get<Thread[]>(`/campaigns/${campaign}/feedback`),
  })

/** How many notes about one's own annotations one has not read. */
export const unreadQuery = (campaign: number) =>
  queryOptions({
    queryKey: ['notes', 'unread', campaign],
    queryFn: () =>
      get<{ unread: number }>(`/campaigns/${campaign}/me/feedback/unread`).then(
        ({ unread }) => unread,
      ),
    staleTime: 60_000,
  })

/** Writing about an annotation, and having read what was written. */
export function useNotes(annotation: string) {
  const queries = useQueryClient()
  const onSuccess = () => queries.invalidateQueries({ queryKey: ['notes'] })
  const write = useMutation({
    mutationFn: (text: string) => post<Thread>(`/annotations/${annotation}/notes`, { text }),
    onSuccess,
  })
  const read = useMutation({
    mutationFn: () => post<Thread>(`/annotations/${annotation}/notes/read`),
    onSuccess,
  })
  return { write, read }
}
