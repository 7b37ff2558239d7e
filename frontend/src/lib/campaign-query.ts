import { queryOptions } from '@tanstack/react-query'
import { keptAnswer } from './kept-answer'
import type { Campaign } from './types'

/** Asked without a connection too: this browser may have kept the answer. */
const KEPT = { networkMode: 'always' } as const

/** One campaign. Who only annotates gets a part of it: {@link CampaignForMember}. */
export const campaignQuery = (id: number) =>
  queryOptions({
    queryKey: ['campaign', id],
    queryFn: () => keptAnswer<Campaign>(`/campaigns/${id}`),
    ...KEPT,
  })

export const campaignsQuery = queryOptions({
  queryKey: ['campaigns'],
  queryFn: () => keptAnswer<Campaign[]>('/campaigns'),
  ...KEPT,
})
