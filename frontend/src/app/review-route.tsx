import { useQuery, useSuspenseQuery } from '@tanstack/react-query'
import { getRouteApi } from '@tanstack/react-router'
import { membersQuery } from '@/features/campaigns/api/members'
import { ReviewPage } from '@/features/quality/components/review-page'
import { roundQuery } from '@/features/rounds/api/rounds'
import { campaignQuery } from '@/lib/campaign-query'

const route = getRouteApi('/members/framed/staff/rounds/$id/review')

export function ReviewRoute() {
  const { id } = route.useParams()
  const filter = route.useSearch()
  const navigate = route.useNavigate()
  const { data: round } = useSuspenseQuery(roundQuery(id))
  const { data: members = [] } = useQuery(membersQuery(round.campaign.id))
  const { data: campaign } = useQuery(campaignQuery(round.campaign.id))
  // What was written in a chat is ranked by who wrote it, and nobody else.
  const canAsk = round.state === 'collecting' && campaign?.kind === 'ranking'
  return (
    <ReviewPage
      round={round}
      annotators={members.map((member) => member.username)}
      askable={canAsk ? members.length : 0}
      filter={filter}
      onFilter={(search) => void navigate({ search, replace: true })}
    />
  )
}
