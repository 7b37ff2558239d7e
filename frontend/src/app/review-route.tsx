import { useQuery, useSuspenseQuery } from '@tanstack/react-query'
import { getRouteApi } from '@tanstack/react-router'
import { membersQuery } from '@/features/campaigns/api/members'
import { ReviewPage } from '@/features/quality/components/review-page'
import { roundQuery } from '@/features/rounds/api/rounds'

const route = getRouteApi('/members/framed/staff/rounds/$id/review')

export function ReviewRoute() {
  const { id } = route.useParams()
  const filter = route.useSearch()
  const navigate = route.useNavigate()
  const { data: round } = useSuspenseQuery(roundQuery(id))
  const { data: members = [] } = useQuery(membersQuery(round.campaign.id))
  return (
    <ReviewPage
      round={round}
      annotators={members.map((member) => member.username)}
      filter={filter}
      onFilter={(search) => void navigate({ search, replace: true })}
    />
  )
}
