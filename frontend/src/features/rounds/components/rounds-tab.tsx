import { useQuery } from '@tanstack/react-query'
import { Empty, ProblemNotice } from '@/components/notice'
import { roundsQuery } from '@/features/rounds/api/rounds'
import type { Campaign } from '@/lib/types'
import { LaunchForm } from './launch-form'
import { RoundList } from './round-list'
import classes from './rounds-tab.module.css'

const LOOK_AGAIN_MS = 10_000

export function RoundsTab({ campaign }: { campaign: Campaign }) {
  const { data, error } = useQuery({ ...roundsQuery(campaign.id), refetchInterval: LOOK_AGAIN_MS })
  return (
    <div className={classes.stack}>
      {error && <ProblemNotice problem={error} />}
      {data && data.length > 0 && <RoundList rounds={data} />}
      {data?.length === 0 && (
        <Empty title="No round yet">
          <p>
            A round samples answers, has people rank them, trains on that, and asks you to decide.
          </p>
        </Empty>
      )}
      {campaign.open_round === null && !campaign.archived_at && <LaunchForm campaign={campaign} />}
    </div>
  )
}
