import { Badge, Pagination, SegmentedControl, TextInput } from '@mantine/core'
import { useDebouncedCallback } from '@mantine/hooks'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { ButtonLink } from '@/components/button-link'
import { Empty, ProblemNotice } from '@/components/notice'
import { RelativeTime } from '@/components/relative-time'
import type { HistoryFilter } from '@/features/history/api/history'
import { historyQuery } from '@/features/history/api/history'
import { plural } from '@/lib/format'
import { rankingSentence } from '@/lib/margins'
import type { CampaignForMember, MineAnnotationPage } from '@/lib/types'
import classes from './history-page.module.css'

const PAGE_SIZE = 50

interface HistoryPageProps {
  campaign: CampaignForMember
  filter: HistoryFilter
  onFilter: (filter: HistoryFilter) => void
}

/** All that one has ranked in a campaign, to find again and, while its round collects, to change. */
export function HistoryPage({ campaign, filter, onFilter }: HistoryPageProps) {
  const { data, error } = useQuery(historyQuery(campaign.id, filter))
  const find = useDebouncedCallback(
    (q: string) => onFilter({ ...filter, q: q || undefined, page: undefined }),
    250,
  )
  const isFiltered = Boolean(filter.q) || filter.amended !== undefined
  return (
    <div className={classes.page}>
      <title>{`My rankings: ${campaign.name} · Plumbline`}</title>
      <header className={classes.head}>
        <div>
          <h1>My rankings</h1>
          <p>
            {campaign.name}
            {data &&
              `, ${plural(data.count, isFiltered ? 'match' : 'ranking', isFiltered ? 'matches' : 'rankings')}`}
          </p>
        </div>
        <ButtonLink to="/campaigns/$id/rank" params={{ id: campaign.id }}>
          Go on ranking
        </ButtonLink>
      </header>
      <div className={classes.filter}>
        <TextInput
          className={classes.grow}
          label="Find"
          placeholder="Words of a prompt, an answer or your reason"
          defaultValue={filter.q ?? ''}
          onChange={(event) => find(event.currentTarget.value)}
        />
        <SegmentedControl
          aria-label="Which rankings"
          value={filter.amended ? 'amended' : 'all'}
          onChange={(value) =>
            onFilter({ ...filter, amended: value === 'amended' || undefined, page: undefined })
          }
          data={[
            { value: 'all', label: 'All' },
            { value: 'amended', label: 'Changed later' },
          ]}
        />
      </div>
      {error && <ProblemNotice problem={error} />}
      {data?.count === 0 && (
        <Empty title={isFiltered ? 'No ranking matches' : 'You have ranked nothing here yet'}>
          <p>
            {isFiltered
              ? 'Try other words, or show all of them.'
              : 'What you rank is listed here, and can be changed while its round collects.'}
          </p>
        </Empty>
      )}
      {data && data.count > 0 && <List campaign={campaign.id} data={data} />}
      {data && data.count > PAGE_SIZE && (
        <Pagination
          total={Math.ceil(data.count / PAGE_SIZE)}
          value={filter.page ?? 1}
          onChange={(page) => onFilter({ ...filter, page })}
          getControlProps={(control) => ({ 'aria-label': `${control} page` })}
        />
      )}
    </div>
  )
}

function List({ campaign, data }: { campaign: number; data: MineAnnotationPage }) {
  return (
    <ol className={classes.list}>
      {data.results.map((annotation) => (
        <li key={annotation.uid} className={classes.item}>
          <Link
            to="/campaigns/$id/history/$uid"
            params={{ id: campaign, uid: annotation.uid }}
            className={classes.prompt}
            dir="auto"
          >
            {annotation.prompt.at(-1)?.content}
          </Link>
          <p className={classes.said}>
            {rankingSentence(annotation.ranking, annotation.gaps)}
            {annotation.all_bad && ' · all bad'}
          </p>
          <p className={classes.facts}>
            <RelativeTime at={annotation.submitted_at} />
            <span>Round {annotation.round}</span>
            {annotation.amended && (
              <Badge size="sm" radius="sm" variant="default" tt="none">
                changed later
              </Badge>
            )}
          </p>
        </li>
      ))}
    </ol>
  )
}
