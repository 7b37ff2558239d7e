import type { PromptFilter } from '@/features/campaigns/api/prompts'

export const TABS = ['rounds', 'prompts', 'people', 'checkpoints', 'export', 'settings'] as const
export type Tab = (typeof TABS)[number]

export interface CampaignSearch extends PromptFilter {
  tab?: Tab
}

/** The part of a campaign page's address that says what is shown; what makes no sense is taken out. */
export function campaignSearch(search: Record<string, unknown>): CampaignSearch {
  const { tab, split, q, page } = search
  return {
    tab: TABS.find((name) => name === tab),
    split: split === 'train' || split === 'heldout' ? split : undefined,
    q: typeof q === 'string' || typeof q === 'number' ? String(q) || undefined : undefined,
    page: typeof page === 'number' && Number.isInteger(page) && page > 1 ? page : undefined,
  }
}
