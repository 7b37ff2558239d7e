import { patch, post } from '@/lib/api'
import type { Campaign, CampaignKind, ChatSettings, Recipe, TaskSettings } from '@/lib/types'

interface NewCampaign {
  name: string
  kind: CampaignKind
  model: string
  guidelines: string
}

export const createCampaign = (campaign: NewCampaign) => post<Campaign>('/campaigns', campaign)

export interface CampaignChange {
  name?: string
  guidelines?: string
  task?: TaskSettings
  recipe?: Recipe
  chat?: ChatSettings
  archived?: boolean
}

export const changeCampaign = (id: number, change: CampaignChange) =>
  patch<Campaign>(`/campaigns/${id}`, change)
