import { Badge } from '@mantine/core'
import { letterOf, ordinal } from '@/lib/format'
import { rankingSentence } from '@/lib/margins'
import type { Gap, Message, SaidCompletion } from '@/lib/types'
import { Conversation } from './conversation'
import { Markdown } from './markdown'
import classes from './said-answer.module.css'

export interface Said {
  ranking: number[]
  gaps: Gap[]
  all_bad: boolean
  rationale: string
}

interface SaidAnswerProps {
  prompt: Message[]
  completions: SaidCompletion[]
  said: Said
}

/** What an annotator saw and what they said of it, to read. */
export function SaidAnswer({ prompt, completions, said }: SaidAnswerProps) {
  return (
    <div className={classes.whole}>
      <section aria-label="Prompt" className={classes.prompt}>
        <Conversation messages={prompt} />
      </section>
      <p className={classes.ranking}>
        {rankingSentence(said.ranking, said.gaps)}
        {said.all_bad && (
          <Badge color="red.8" variant="filled" radius="sm">
            all bad
          </Badge>
        )}
      </p>
      {said.rationale && (
        <blockquote className={classes.reason} dir="auto">
          {said.rationale}
        </blockquote>
      )}
      <div className={classes.answers} data-k={completions.length}>
        {completions.map((completion) => (
          <Answer
            key={completion.position}
            completion={completion}
            place={said.ranking.indexOf(completion.position)}
          />
        ))}
      </div>
    </div>
  )
}

function Answer({ completion, place }: { completion: SaidCompletion; place: number }) {
  return (
    <article className={classes.answer}>
      <header>
        <h2>{letterOf(completion.position)}</h2>
        <span className={classes.place}>{ordinal(place)}</span>
      </header>
      <Markdown text={completion.text} />
      <Judged completion={completion} />
    </article>
  )
}

function Judged({ completion }: { completion: SaidCompletion }) {
  const { safe, thumb, attributes, flags, edit } = completion
  const words = [
    ...(safe === null ? [] : [safe ? 'safe' : 'unsafe']),
    ...(thumb ? [`thumb ${thumb}`] : []),
    ...Object.entries(attributes).map(
      ([name, value]) => `${name}: ${Array.isArray(value) ? value.join(', ') : String(value)}`,
    ),
    ...flags.map(({ reason, note }) => `flagged: ${reason}${note ? ` (${note})` : ''}`),
  ]
  return (
    <>
      {words.length > 0 && (
        <ul className={classes.words}>
          {words.map((word) => (
            <li key={word}>{word}</li>
          ))}
        </ul>
      )}
      {edit && (
        <details className={classes.edit}>
          <summary>Edited into a better one</summary>
          <Markdown text={edit} />
        </details>
      )}
    </>
  )
}
