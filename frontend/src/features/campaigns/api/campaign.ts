import { patch, post } from '@/lib/api'
import type { Campaign, Recipe, TaskSettings } from '@/lib/types'

export const createCampaign = (campaign: { name: string; model: string; guidelines: string }) =>
  post<Campaign>('/campaigns', campaign)

export interface CampaignChange {
  name?: string
  guidelines?: string
  task?: TaskSettings
  recipe?: Recipe
  archived?: boolean
}

export const changeCampaign = (id: number, change: CampaignChange) =>
  patch<Campaign>(`/campaigns/${id}`, change)
