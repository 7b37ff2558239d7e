import { useQueryClient, useSuspenseQuery } from '@tanstack/react-query'
import { getRouteApi, Navigate } from '@tanstack/react-router'
import { ChatPage } from '@/features/ranking/chat/chat-page'
import { RankingPage } from '@/features/ranking/components/ranking-page'
import { annotationQuery } from '@/lib/annotation-query'
import { campaignQuery } from '@/lib/campaign-query'
import type { CampaignForMember } from '@/lib/types'

const route = getRouteApi('/members/campaigns/$id/rank')

export function RankRoute() {
  const { id } = route.useParams()
  const { amend } = route.useSearch()
  // Whoever runs the campaign may ask otherwise while people rank.
  const { data: campaign } = useSuspenseQuery({ ...campaignQuery(id), refetchInterval: 60_000 })
  if (amend) return <AmendRoute key={amend} campaign={campaign} uid={amend} />
  const Page = campaign.kind === 'chat' ? ChatPage : RankingPage
  return <Page key={id} campaign={campaign} />
}

function AmendRoute({ campaign, uid }: { campaign: CampaignForMember; uid: string }) {
  const { data } = useSuspenseQuery(annotationQuery(uid))
  const queries = useQueryClient()
  const navigate = route.useNavigate()
  if (!data.annotation.amendable) {
    return <Navigate to="/campaigns/$id/history/$uid" params={{ id: campaign.id, uid }} replace />
  }
  const back = () => {
    queries.removeQueries({ queryKey: ['annotation', uid] })
    void queries.invalidateQueries({ queryKey: ['history', campaign.id] })
    void navigate({ to: '/campaigns/$id/history/$uid', params: { id: campaign.id, uid } })
  }
  return <RankingPage campaign={campaign} amend={data.annotation} onAmended={back} />
}
