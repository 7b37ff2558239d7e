import { keepPreviousData, queryOptions } from '@tanstack/react-query'
import { get, upload } from '@/lib/api'
import type { PromptPage } from '@/lib/types'

export interface PromptFilter {
  split?: 'train' | 'heldout'
  q?: string
  page?: number
}

export function promptsQuery(campaign: number, filter: PromptFilter) {
  const search = new URLSearchParams()
  for (const name of ['split', 'q', 'page'] as const) {
    const value = filter[name]
    if (value !== undefined) search.set(name, String(value))
  }
  return queryOptions({
    queryKey: ['campaign', campaign, 'prompts', search.toString()],
    queryFn: () => get<PromptPage>(`/campaigns/${campaign}/prompts?${search}`),
    placeholderData: keepPreviousData,
  })
}

export const importPrompts = (campaign: number, file: File, heldoutShare: number) =>
  upload(`/campaigns/${campaign}/prompts/import`, file, { heldout_share: String(heldoutShare) })
