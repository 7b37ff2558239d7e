import { useDeferredValue } from 'react'
import { Markdown } from '@/components/markdown'
import { ScrollBox } from '@/components/scroll-box'
import card from '@/features/ranking/components/completion-card.module.css'
import { letterOf } from '@/lib/format'
import type { Completion } from '@/lib/types'
import classes from './talk.module.css'

interface StreamingReplyProps {
  reply: Completion
  isWritten: boolean
}

/** A reply while it is written, as the card that it becomes. It is read from its top: nothing scrolls by itself. */
export function StreamingReply({ reply, isWritten }: StreamingReplyProps) {
  const letter = letterOf(reply.position)
  // Setting markdown takes longer than a word takes to come: words that came meanwhile are set together.
  const text = useDeferredValue(reply.text)
  return (
    <article className={card.card} aria-labelledby={`reply-${letter}`} aria-busy={!isWritten}>
      <header className={card.head}>
        <h2 id={`reply-${letter}`} className={card.letter}>
          <span className="visually-hidden">Answer </span>
          {letter}
        </h2>
      </header>
      <ScrollBox
        className={`${card.text} ${isWritten ? '' : classes.writing}`}
        label={`Text of answer ${letter}`}
      >
        <Markdown text={text} />
      </ScrollBox>
    </article>
  )
}
