import { getRouteApi } from '@tanstack/react-router'
import { RoundPage } from '@/features/rounds/components/round-page'

const route = getRouteApi('/members/framed/staff/rounds/$id')

export function RoundRoute() {
  const { id } = route.useParams()
  return <RoundPage key={id} id={id} />
}
