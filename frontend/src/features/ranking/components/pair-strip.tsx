import { KeyCap } from '@/components/key-cap'
import type { Draft } from '@/features/ranking/model/draft'
import { STRIP, STRIP_MIDDLE, stripChoice } from '@/features/ranking/model/draft'
import { letterOf } from '@/lib/format'
import { marginName, rankingSentence } from '@/lib/margins'
import { ChoiceRow } from './choice-row'
import classes from './pair-strip.module.css'

const SHORT = ['', 'slightly', 'better', 'significantly']

function labelOf(index: number): string {
  const choice = STRIP[index]
  if (!choice || choice.gap === null) return 'Equal or negligible'
  return `${letterOf(choice.best)} ${marginName(choice.gap)}`
}

function Cell({ index, hasKey }: { index: number; hasKey: boolean }) {
  const choice = STRIP[index]
  const level = choice?.gap ?? 0
  return (
    <>
      {hasKey && <KeyCap>{index + 1}</KeyCap>}
      <span className={classes.sign} aria-hidden>
        {level === 0 ? '=' : (choice?.best === 0 ? '‹' : '›').repeat(level)}
      </span>
      <span className={classes.word}>{level === 0 ? 'equal' : SHORT[level]}</span>
    </>
  )
}

interface PairStripProps {
  draft: Draft
  /** Else the digits answer a question elsewhere. */
  hasKeys?: boolean
  onStrip: (choice: number) => void
  onLean: (position: number) => void
}

/** Side and strength as one thought: seven choices, and a lean within the middle one. */
export function PairStrip({ draft, hasKeys = true, onStrip, onLean }: PairStripProps) {
  const chosen = stripChoice(draft)
  const leaning = draft.gaps[0] === 0 ? draft.order[0] : null
  return (
    <div className={classes.strip}>
      <div className={classes.sides} aria-hidden>
        <span>A is better</span>
        <span>B is better</span>
      </div>
      <ChoiceRow
        label="Which is better, and by how much?"
        className={classes.cells}
        choices={STRIP.map((_, index) => ({
          id: String(index + 1),
          label: labelOf(index),
          content: <Cell index={index} hasKey={hasKeys} />,
        }))}
        chosen={chosen}
        onChoose={onStrip}
      />
      <div className={classes.verdict}>
        {chosen === STRIP_MIDDLE ? (
          <>
            <span>Lean?</span>
            {[0, 1].map((position) => (
              <button
                key={position}
                type="button"
                aria-pressed={leaning === position}
                data-enter="submit"
                onClick={() => onLean(position)}
              >
                <KeyCap>{letterOf(position)}</KeyCap> {letterOf(position)} negligibly better
              </button>
            ))}
          </>
        ) : (
          <span>
            {chosen === null
              ? 'Which is better, and by how much?'
              : `${rankingSentence(draft.order, draft.gaps)}.`}
          </span>
        )}
      </div>
    </div>
  )
}
