import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { NoteThread } from '@/components/note-thread'
import { ProblemNotice } from '@/components/notice'
import { plural } from '@/lib/format'
import { ownThreadsQuery } from '@/lib/notes'
import classes from './own-page.module.css'

/** What reviewers wrote, what is new first; nothing where nobody wrote. */
export function FeedbackPanel({ campaign }: { campaign: number }) {
  const { data: threads = [], error } = useQuery(ownThreadsQuery(campaign))
  if (error) return <ProblemNotice problem={error} />
  if (threads.length === 0) return null
  const unread = threads.reduce((sum, thread) => sum + thread.unread, 0)
  const sorted = [...threads].sort(
    (one, other) => Number(other.unread > 0) - Number(one.unread > 0),
  )
  return (
    <section className={classes.panel} aria-labelledby="feedback">
      <h2 id="feedback">
        From reviewers
        {unread > 0 && <span className={classes.new}>{plural(unread, 'new note')}</span>}
      </h2>
      {sorted.map((thread) => (
        <article key={thread.annotation} className={classes.thread}>
          <h3>
            <Link
              to="/campaigns/$id/history/$uid"
              params={{ id: campaign, uid: thread.annotation }}
              className={classes.prompt}
              dir="auto"
            >
              {thread.prompt.at(-1)?.content}
            </Link>
          </h3>
          <NoteThread annotation={thread.annotation} notes={thread.notes} label="Answer" />
        </article>
      ))}
    </section>
  )
}
