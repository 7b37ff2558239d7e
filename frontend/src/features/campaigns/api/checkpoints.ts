import { queryOptions } from '@tanstack/react-query'
import { get } from '@/lib/api'
import type { Checkpoint } from '@/lib/types'

export const checkpointsQuery = (campaign: number) =>
  queryOptions({
    queryKey: ['campaign', campaign, 'checkpoints'],
    queryFn: () => get<Checkpoint[]>(`/campaigns/${campaign}/checkpoints`),
  })
