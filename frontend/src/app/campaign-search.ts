import type { PromptFilter } from '@/features/campaigns/api/prompts'

export const TABS = ['rounds', 'prompts', 'people', 'checkpoints', 'export', 'settings'] as const
export type Tab = (typeof TABS)[number]

export interface CampaignSearch extends PromptFilter {
  tab?: Tab
}

/** The part of a campaign page's address that says what is shown; what makes no sense is left out. */
export function campaignSearch(search: Record<string, unknown>): CampaignSearch {
  const { tab, split, q, page } = search
  return {
    ...(TABS.includes(tab as Tab) && { tab: tab as Tab }),
    ...((split === 'train' || split === 'heldout') && { split }),
    ...((typeof q === 'string' || typeof q === 'number') && q !== '' && { q: String(q) }),
    ...(typeof page === 'number' && page > 1 && { page }),
  }
}
