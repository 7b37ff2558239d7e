import { keepPreviousData, queryOptions } from '@tanstack/react-query'
import { get, put, remove } from '@/lib/api'
import type { AnnotatorScore, Gold, NewGold, RankingPage } from '@/lib/types'

export interface ReviewFilter {
  annotator?: string
  page?: number
}

/** A page of the rankings of a round, newest first. */
export const rankingsQuery = (round: number, filter: ReviewFilter) =>
  queryOptions({
    queryKey: ['rankings', round, filter],
    queryFn: () => {
      const query = new URLSearchParams({ page: String(filter.page ?? 1) })
      if (filter.annotator) query.set('annotator', filter.annotator)
      return get<RankingPage>(`/rounds/${round}/rankings?${query}`)
    },
    placeholderData: keepPreviousData,
  })

export const goldQuery = (campaign: number) =>
  queryOptions({
    queryKey: ['gold', campaign],
    queryFn: () => get<Gold[]>(`/campaigns/${campaign}/gold`),
  })

/** Who agrees with gold how far; open rounds count too. */
export const scoresQuery = (campaign: number) =>
  queryOptions({
    queryKey: ['gold', campaign, 'scores'],
    queryFn: () => get<AnnotatorScore[]>(`/campaigns/${campaign}/gold/scores`),
  })

export const markGold = (comparison: string, gold: NewGold) =>
  put<Gold>(`/comparisons/${comparison}/gold`, gold)

export const unmarkGold = (comparison: string) => remove(`/comparisons/${comparison}/gold`)
