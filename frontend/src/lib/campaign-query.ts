import { queryOptions } from '@tanstack/react-query'
import { get } from './api'
import type { Campaign } from './types'

/** One campaign. Who only annotates gets a part of it: {@link CampaignForMember}. */
export const campaignQuery = (id: number) =>
  queryOptions({ queryKey: ['campaign', id], queryFn: () => get<Campaign>(`/campaigns/${id}`) })

export const campaignsQuery = queryOptions({
  queryKey: ['campaigns'],
  queryFn: () => get<Campaign[]>('/campaigns'),
})
