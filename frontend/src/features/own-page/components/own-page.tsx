import type { CampaignForMember } from '@/lib/types'

export function OwnPage({ campaign }: { campaign: CampaignForMember }) {
  return <h1>{campaign.name}</h1>
}
