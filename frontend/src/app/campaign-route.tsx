import { Tabs } from '@mantine/core'
import { useSuspenseQuery } from '@tanstack/react-query'
import { getRouteApi } from '@tanstack/react-router'
import { ButtonLink } from '@/components/button-link'
import { CampaignHead } from '@/features/campaigns/components/campaign-head'
import { CheckpointsTab } from '@/features/campaigns/components/checkpoints-tab'
import { ExportTab } from '@/features/campaigns/components/export-tab'
import { MembersTab } from '@/features/campaigns/components/members-tab'
import { NextSteps } from '@/features/campaigns/components/next-steps'
import { PromptsTab } from '@/features/campaigns/components/prompts-tab'
import { SettingsTab } from '@/features/campaigns/components/settings-tab'
import { QualityTab } from '@/features/quality/components/quality-tab'
import { RoundsTab } from '@/features/rounds/components/rounds-tab'
import { campaignQuery } from '@/lib/campaign-query'
import type { Campaign } from '@/lib/types'
import type { CampaignSearch, Tab } from './campaign-search'
import { TABS } from './campaign-search'

const route = getRouteApi('/members/framed/staff/campaigns/$id')

const LABELS: Record<Tab, string> = {
  rounds: 'Rounds',
  prompts: 'Prompts',
  people: 'People',
  quality: 'Quality',
  checkpoints: 'Checkpoints',
  export: 'Export',
  settings: 'Settings',
}

/** A campaign for those who run it; which of its sides is shown stands in the address. */
export function CampaignRoute() {
  const { id } = route.useParams()
  const search = route.useSearch()
  const navigate = route.useNavigate()
  const { data: campaign } = useSuspenseQuery({ ...campaignQuery(id), refetchInterval: 15_000 })
  const tab = search.tab ?? 'rounds'
  const hasPrompts = campaign.kind === 'chat' || campaign.prompts.train > 0
  const isYoung = campaign.champion === null || !hasPrompts || campaign.members === 0
  return (
    <>
      <title>{`${campaign.name} · Plumbline`}</title>
      <CampaignHead campaign={campaign} action={<NextAction campaign={campaign} />} />
      {isYoung && <NextSteps campaign={campaign} />}
      <Tabs
        value={tab}
        onChange={(value) => void navigate({ search: { tab: value as Tab } })}
        keepMounted={false}
      >
        <Tabs.List mb="lg">
          {TABS.map((name) => (
            <Tabs.Tab key={name} value={name}>
              {LABELS[name]}
            </Tabs.Tab>
          ))}
        </Tabs.List>
        <Tabs.Panel value={tab}>
          <Side
            campaign={campaign}
            search={search}
            onFilter={(filter) =>
              void navigate({ search: { tab: 'prompts', ...filter }, replace: true })
            }
          />
        </Tabs.Panel>
      </Tabs>
    </>
  )
}

function NextAction({ campaign }: { campaign: Campaign }) {
  if (campaign.mine.waiting) {
    return (
      <ButtonLink to="/campaigns/$id/rank" params={{ id: campaign.id }} variant="default">
        {campaign.kind === 'chat' ? 'Start chatting' : 'Start ranking'}
      </ButtonLink>
    )
  }
  return null
}

interface SideProps {
  campaign: Campaign
  search: CampaignSearch
  onFilter: (filter: Omit<CampaignSearch, 'tab'>) => void
}

function Side({ campaign, search, onFilter }: SideProps) {
  switch (search.tab ?? 'rounds') {
    case 'rounds':
      return <RoundsTab campaign={campaign} />
    case 'prompts':
      return <PromptsTab campaign={campaign.id} filter={search} onFilter={onFilter} />
    case 'people':
      return <MembersTab campaign={campaign.id} />
    case 'quality':
      return <QualityTab campaign={campaign} />
    case 'checkpoints':
      return <CheckpointsTab campaign={campaign.id} />
    case 'export':
      return <ExportTab campaign={campaign.id} />
    case 'settings':
      return <SettingsTab campaign={campaign} />
  }
}
