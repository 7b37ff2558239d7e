import { keepPreviousData, queryOptions } from '@tanstack/react-query'
import { get } from '@/lib/api'
import type { MineAnnotationPage } from '@/lib/types'

export interface HistoryFilter {
  q?: string
  /** Only those that were changed later. */
  amended?: boolean
  page?: number
}

/** A page of one's own annotations in a campaign, newest first. */
export const historyQuery = (campaign: number, filter: HistoryFilter) =>
  queryOptions({
    queryKey: ['history', campaign, filter],
    queryFn: () => {
      const query = new URLSearchParams({ page: String(filter.page ?? 1) })
      if (filter.q) query.set('q', filter.q)
      if (filter.amended !== undefined) query.set('amended', String(filter.amended))
      return get<MineAnnotationPage>(`/campaigns/${campaign}/annotations/mine?${query}`)
    },
    placeholderData: keepPreviousData,
  })
