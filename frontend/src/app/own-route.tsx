import { useSuspenseQuery } from '@tanstack/react-query'
import { getRouteApi } from '@tanstack/react-router'
import { OwnPage } from '@/features/own-page/components/own-page'
import { campaignQuery } from '@/lib/campaign-query'

const route = getRouteApi('/members/framed/campaigns/$id/me')

export function OwnRoute() {
  const { id } = route.useParams()
  const { data: campaign } = useSuspenseQuery(campaignQuery(id))
  return <OwnPage campaign={campaign} />
}
