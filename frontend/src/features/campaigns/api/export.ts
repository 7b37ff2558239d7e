import { queryOptions } from '@tanstack/react-query'
import { get } from '@/lib/api'
import type { ExportManifest } from '@/lib/types'

const query = (round: number | null) => `format=trl${round === null ? '' : `&round=${round}`}`

export const exportAddress = (campaign: number, round: number | null) =>
  `/api/campaigns/${campaign}/export?${query(round)}`

export const manifestQuery = (campaign: number, round: number | null) =>
  queryOptions({
    queryKey: ['campaign', campaign, 'manifest', round],
    queryFn: () => get<ExportManifest>(`/campaigns/${campaign}/export/manifest?${query(round)}`),
  })
