import { KeyCap } from '@/components/key-cap'
import type { Question } from '@/features/ranking/model/judging'
import { THUMB } from '@/features/ranking/model/judging'
import { letterOf } from '@/lib/format'
import type { Judgement } from '@/lib/types'
import { ChoiceRow } from './choice-row'
import classes from './question-row.module.css'

interface QuestionRowProps {
  question: Question
  said: Judgement
  /** The digits go here. */
  isCurrent: boolean
  onChoose: (option: number) => void
}

/** One question about one answer, with its options side by side. */
export function QuestionRow({ question, said, isCurrent, onChoose }: QuestionRowProps) {
  const chosen = question.chosen(said)
  const name = `${question.label} of ${letterOf(said.position)}`
  const contents = question.options.map((option, index) => ({
    id: String(index + 1),
    label: option,
    content: (
      <>
        {isCurrent && option !== String(index + 1) && index < 10 && (
          <KeyCap>{(index + 1) % 10}</KeyCap>
        )}
        {question.id === THUMB && <ThumbIcon isDown={index === 1} />}
        <span className={classes.option}>{option}</span>
      </>
    ),
  }))
  return (
    <div
      className={classes.row}
      data-question={question.id}
      data-current={isCurrent || undefined}
      data-open={chosen.length === 0 || undefined}
    >
      <span className={classes.label} data-required={question.isRequired || undefined} aria-hidden>
        {question.label}
      </span>
      {question.isMany ? (
        <div role="group" aria-label={name} className={classes.options}>
          {contents.map(({ id, content }, index) => (
            <button
              key={id}
              type="button"
              aria-pressed={chosen.includes(index)}
              data-enter="submit"
              data-choice={id}
              onClick={() => onChoose(index)}
            >
              {content}
            </button>
          ))}
        </div>
      ) : (
        <ChoiceRow
          label={name}
          className={classes.options}
          choices={contents}
          chosen={chosen[0] ?? null}
          isRequired={question.isRequired}
          onChoose={onChoose}
        />
      )}
    </div>
  )
}

function ThumbIcon({ isDown }: { isDown: boolean }) {
  return (
    <svg viewBox="0 0 24 24" className={classes.thumb} data-down={isDown || undefined} aria-hidden>
      <path d="M2 10h4v11H2zM8 21V10l5-8c1.5 0 2.6 1.3 2.3 2.8L14.4 9H20c1.3 0 2.2 1.2 1.9 2.4l-1.8 7.5c-.3 1.2-1.4 2.1-2.7 2.1z" />
    </svg>
  )
}
