import { queryOptions } from '@tanstack/react-query'
import { get } from '@/lib/api'
import type { OwnGold, OwnPage } from '@/lib/types'

/** One's own numbers in a campaign; the day begins at one's own midnight. */
export const ownPageQuery = (campaign: number) => {
  const east = -new Date().getTimezoneOffset()
  return queryOptions({
    queryKey: ['own-page', campaign, east],
    queryFn: () => get<OwnPage>(`/campaigns/${campaign}/me?utc_offset=${east}`),
  })
}

/** One's own agreement with gold; null where the campaign does not show it. */
export const ownGoldQuery = (campaign: number) =>
  queryOptions({
    queryKey: ['own-gold', campaign],
    queryFn: () =>
      get<{ gold: OwnGold | null }>(`/campaigns/${campaign}/me/gold`).then(({ gold }) => gold),
  })
