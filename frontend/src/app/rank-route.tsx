import { useSuspenseQuery } from '@tanstack/react-query'
import { getRouteApi } from '@tanstack/react-router'
import { RankingPage } from '@/features/ranking/components/ranking-page'
import { campaignQuery } from '@/lib/campaign-query'

const route = getRouteApi('/members/campaigns/$id/rank')

export function RankRoute() {
  const { id } = route.useParams()
  const { data: campaign } = useSuspenseQuery(campaignQuery(id))
  return <RankingPage key={id} campaign={campaign} />
}
