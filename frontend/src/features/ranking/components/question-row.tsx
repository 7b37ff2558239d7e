import { KeyCap } from '@/components/key-cap'
import type { Question } from '@/features/ranking/model/judging'
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
      <span className={classes.label} aria-hidden>
        {question.label}
        {question.isRequired && <span className={classes.needed}> needed</span>}
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
