import type { KeyboardEvent, ReactNode } from 'react'
import { useRef } from 'react'

export interface Choice {
  id: string
  /** What a screen reader says. */
  label: string
  content: ReactNode
}

interface ChoiceRowProps {
  label: string
  choices: Choice[]
  chosen: number | null
  onChoose: (index: number) => void
  isRequired?: boolean
  className?: string
}

const STEPS: Record<string, number> = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }

/** One choice out of a row of buttons: a radio group with one tab stop, moved through by the arrows. */
export function ChoiceRow(props: ChoiceRowProps) {
  const { label, choices, chosen, onChoose } = props
  const row = useRef<HTMLDivElement>(null)
  const onKeyDown = (event: KeyboardEvent) => {
    const step = STEPS[event.key]
    if (step === undefined) return
    event.preventDefault()
    const next = ((chosen ?? (step > 0 ? -1 : 0)) + step + choices.length) % choices.length
    onChoose(next)
    row.current?.querySelectorAll('button')[next]?.focus()
  }
  return (
    // The keys belong to the group, the focus to its buttons.
    // eslint-disable-next-line jsx-a11y/interactive-supports-focus
    <div
      ref={row}
      role="radiogroup"
      aria-label={label}
      aria-required={props.isRequired}
      className={props.className}
      onKeyDown={onKeyDown}
    >
      {choices.map((choice, index) => (
        <button
          key={choice.id}
          type="button"
          role="radio"
          aria-checked={chosen === index}
          aria-label={choice.label}
          tabIndex={index === (chosen ?? 0) ? 0 : -1}
          data-enter="submit"
          data-choice={choice.id}
          onClick={() => onChoose(index)}
        >
          {choice.content}
        </button>
      ))}
    </div>
  )
}
