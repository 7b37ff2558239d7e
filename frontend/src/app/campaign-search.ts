import type { PromptFilter } from '@/features/campaigns/api/prompts'
import type { HistoryFilter } from '@/features/history/api/history'
import type { ReviewFilter } from '@/features/quality/api/quality'

export const TABS = [
  'rounds',
  'prompts',
  'people',
  'quality',
  'checkpoints',
  'export',
  'settings',
] as const
export type Tab = (typeof TABS)[number]

export interface CampaignSearch extends PromptFilter {
  tab?: Tab
}

const wordsOf = (q: unknown) =>
  typeof q === 'string' || typeof q === 'number' ? String(q) || undefined : undefined

const pageOf = (page: unknown) =>
  typeof page === 'number' && Number.isInteger(page) && page > 1 ? page : undefined

/** The part of a campaign page's address that says what is shown; what makes no sense is taken out. */
export function campaignSearch(search: Record<string, unknown>): CampaignSearch {
  const { tab, split, q, page } = search
  return {
    tab: TABS.find((name) => name === tab),
    split: split === 'train' || split === 'heldout' ? split : undefined,
    q: wordsOf(q),
    page: pageOf(page),
  }
}

/** Which of one's own rankings are listed. */
export function historySearch({ q, amended, page }: Record<string, unknown>): HistoryFilter {
  return { q: wordsOf(q), amended: amended === true || undefined, page: pageOf(page) }
}

/** Whose rankings of a round are listed. */
export function reviewSearch({ annotator, page }: Record<string, unknown>): ReviewFilter {
  return { annotator: wordsOf(annotator), page: pageOf(page) }
}
