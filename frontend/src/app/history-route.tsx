import { useSuspenseQuery } from '@tanstack/react-query'
import { getRouteApi } from '@tanstack/react-router'
import { EntryPage } from '@/features/history/components/entry-page'
import { HistoryPage } from '@/features/history/components/history-page'
import { FeedbackOn } from '@/features/own-page/components/feedback-on'
import { annotationQuery } from '@/lib/annotation-query'
import { campaignQuery } from '@/lib/campaign-query'

const list = getRouteApi('/members/framed/campaigns/$id/history')
const one = getRouteApi('/members/framed/campaigns/$id/history/$uid')

export function HistoryRoute() {
  const { id } = list.useParams()
  const filter = list.useSearch()
  const navigate = list.useNavigate()
  const { data: campaign } = useSuspenseQuery(campaignQuery(id))
  return (
    <HistoryPage
      campaign={campaign}
      filter={filter}
      onFilter={(search) => void navigate({ search, replace: true })}
    />
  )
}

export function EntryRoute() {
  const { id, uid } = one.useParams()
  const { data } = useSuspenseQuery(annotationQuery(uid))
  const said = data.trail.map((step) => step.uid)
  return (
    <EntryPage
      key={uid}
      campaign={id}
      entry={data}
      beside={<FeedbackOn campaign={id} annotations={said} />}
    />
  )
}
