import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { ButtonLink } from '@/components/button-link'
import { RelativeTime } from '@/components/relative-time'
import { SaidAnswer } from '@/components/said-answer'
import { duration } from '@/lib/format'
import { rankingSentence } from '@/lib/margins'
import type { OwnAnnotation } from '@/lib/types'
import classes from './entry-page.module.css'

interface EntryPageProps {
  campaign: number
  entry: OwnAnnotation
  /** What others said of it. */
  beside: ReactNode
}

/** One of one's own rankings as it was submitted, and how it came to be. */
export function EntryPage({ campaign, entry, beside }: EntryPageProps) {
  const { annotation, trail } = entry
  return (
    <div className={classes.page}>
      <title>My ranking · Plumbline</title>
      <header className={classes.head}>
        <div>
          <p>
            <Link to="/campaigns/$id/history" params={{ id: campaign }}>
              My rankings
            </Link>
          </p>
          <h1>What I said</h1>
          <p>
            Round {annotation.round}, <RelativeTime at={annotation.submitted_at} />,{' '}
            {duration(annotation.active_seconds)} at work
          </p>
        </div>
        {annotation.amendable ? (
          <ButtonLink
            to="/campaigns/$id/rank"
            params={{ id: campaign }}
            search={{ amend: annotation.uid }}
          >
            Change it
          </ButtonLink>
        ) : (
          <p className={classes.closed}>Its round no longer collects: it stands as it is.</p>
        )}
      </header>
      <SaidAnswer
        prompt={annotation.prompt}
        completions={annotation.completions}
        said={annotation}
      />
      {beside}
      <Trail trail={trail} />
    </div>
  )
}

function Trail({ trail }: { trail: OwnAnnotation['trail'] }) {
  if (trail.length < 2) return null
  return (
    <section className={classes.trail} aria-labelledby="trail">
      <h2 id="trail">How it came to be</h2>
      <ol>
        {trail.map((step, index) => (
          <li key={step.uid}>
            <span>
              <RelativeTime at={step.submitted_at} />,{' '}
              {step.amended ? 'changed to' : index === 0 ? 'submitted' : 'submitted again'}:
            </span>{' '}
            {rankingSentence(step.ranking, step.gaps)}
            {step.all_bad && ', all bad'}
            {step.rationale && <q dir="auto">{step.rationale}</q>}
            {step.withdrawn_at && !trail[index + 1]?.amended && <em> then taken back</em>}
          </li>
        ))}
      </ol>
      <p>Nothing is deleted; only the last one counts.</p>
    </section>
  )
}
