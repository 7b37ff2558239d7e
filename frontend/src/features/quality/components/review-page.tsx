import { Badge, Pagination, Select } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { NoteThread } from '@/components/note-thread'
import { Empty, ProblemNotice } from '@/components/notice'
import { RelativeTime } from '@/components/relative-time'
import { SaidAnswer } from '@/components/said-answer'
import type { ReviewFilter } from '@/features/quality/api/quality'
import { goldQuery, rankingsQuery } from '@/features/quality/api/quality'
import { duration, plural } from '@/lib/format'
import { rankingSentence } from '@/lib/margins'
import { threadsQuery } from '@/lib/notes'
import type { Ranking, Round } from '@/lib/types'
import { GoldForm } from './gold-form'
import classes from './review.module.css'

const PAGE_SIZE = 50

interface ReviewPageProps {
  round: Round
  annotators: string[]
  /** How many people can be asked to rank a comparison once more. */
  askable: number
  filter: ReviewFilter
  onFilter: (filter: ReviewFilter) => void
}

/** The rankings of a round to read, to write about, and to take gold from. */
export function ReviewPage({ round, annotators, askable, filter, onFilter }: ReviewPageProps) {
  const { data, error } = useQuery(rankingsQuery(round.id, filter))
  return (
    <div className={classes.page}>
      <title>{`Rankings of round ${round.number} · Plumbline`}</title>
      <header>
        <p className={classes.quiet}>
          <Link to="/rounds/$id" params={{ id: round.id }}>
            {round.campaign.name}, round {round.number}
          </Link>
        </p>
        <h1>Rankings{data && `: ${data.count.toLocaleString('en')}`}</h1>
      </header>
      <Select
        className={classes.filter}
        label="By"
        placeholder="Everybody"
        clearable
        searchable
        data={annotators}
        value={filter.annotator ?? null}
        onChange={(annotator) => onFilter({ annotator: annotator ?? undefined })}
      />
      {error && <ProblemNotice problem={error} />}
      {data?.count === 0 && (
        <Empty title="No ranking yet">
          <p>Rankings appear here as people submit them.</p>
        </Empty>
      )}
      {data && data.count > 0 && (
        <ol className={classes.list}>
          {data.results.map((ranking) => (
            <li key={ranking.uid}>
              <Item round={round} askable={askable} ranking={ranking} />
            </li>
          ))}
        </ol>
      )}
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

function Item({ round, askable, ranking }: { round: Round; askable: number; ranking: Ranking }) {
  const { data: gold = [] } = useQuery(goldQuery(round.campaign.id))
  const { data: threads = [] } = useQuery(threadsQuery(round.campaign.id))
  const itsGold = gold.find((one) => one.comparison === ranking.comparison)
  const thread = threads.find((one) => one.annotation === ranking.uid)
  // Letters are the completions' own here: each annotator saw them in an order of their own.
  const order = ranking.completions.map(({ index }) => index)
  const completions = ranking.completions
    .map((one) => ({ ...one, position: one.index }))
    .toSorted((one, other) => one.index - other.index)
  return (
    <details className={classes.item}>
      <summary>
        <span className={classes.prompt} dir="auto">
          {ranking.prompt.at(-1)?.content}
        </span>
        <span className={classes.facts}>
          <strong>{ranking.annotator}</strong>
          <RelativeTime at={ranking.submitted_at} />
          <span>{duration(ranking.active_seconds)}</span>
          <span>{rankingSentence(order, ranking.gaps)}</span>
          {itsGold && <Tag>gold</Tag>}
          {ranking.amended && <Tag>changed later</Tag>}
          {thread && (
            <Tag>
              {thread.unread > 0
                ? plural(thread.unread, 'new answer')
                : plural(thread.notes.length, 'note')}
            </Tag>
          )}
        </span>
      </summary>
      <div className={classes.body}>
        <SaidAnswer
          prompt={ranking.prompt}
          completions={completions}
          said={{ ...ranking, ranking: order }}
        />
        <GoldForm campaign={round.campaign.id} ranking={ranking} gold={itsGold} askable={askable} />
        <NoteThread
          annotation={ranking.uid}
          notes={thread?.notes ?? []}
          label={`Write to ${ranking.annotator} about it`}
        />
      </div>
    </details>
  )
}

function Tag({ children }: { children: ReactNode }) {
  return (
    <Badge size="sm" radius="sm" variant="default" tt="none">
      {children}
    </Badge>
  )
}
