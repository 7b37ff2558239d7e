import { useQuery } from '@tanstack/react-query'
import { NoteThread } from '@/components/note-thread'
import { ownGoldQuery } from '@/features/own-page/api/own-page'
import { rankingSentence } from '@/lib/margins'
import { ownThreadsQuery } from '@/lib/notes'
import classes from './own-page.module.css'

interface FeedbackOnProps {
  campaign: number
  /** An annotation and those that stood in its place before. */
  annotations: string[]
}

/** What reviewers said of one annotation: their notes, and their own ranking where the campaign shows it. */
export function FeedbackOn({ campaign, annotations }: FeedbackOnProps) {
  const { data: all = [] } = useQuery(ownThreadsQuery(campaign))
  const { data: gold } = useQuery(ownGoldQuery(campaign))
  const threads = all.filter((thread) => annotations.includes(thread.annotation))
  const answer = gold?.answers.find((one) => annotations.includes(one.annotation))
  if (threads.length === 0 && !answer) return null
  return (
    <section className={classes.panel} aria-labelledby="feedback">
      <h2 id="feedback">From reviewers</h2>
      {answer && (
        <p>
          They rank it: {rankingSentence(answer.ranking, answer.gaps)}.{' '}
          <span className={classes.quiet} dir="auto">
            {answer.explanation}
          </span>
        </p>
      )}
      {threads.map(({ annotation, notes }) => (
        <NoteThread key={annotation} annotation={annotation} notes={notes} label="Answer" />
      ))}
    </section>
  )
}
