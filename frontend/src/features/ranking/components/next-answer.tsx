import { KeyCap } from '@/components/key-cap'
import type { Draft } from '@/features/ranking/model/draft'
import { GAP_KEYS } from '@/features/ranking/model/keys'
import { gapQuestion, unplaced } from '@/features/ranking/model/words'
import { letterOf, ordinal } from '@/lib/format'
import type { Gap } from '@/lib/types'
import classes from './next-answer.module.css'

interface NextAnswerProps {
  draft: Draft
  k: number
  /** Else the digits answer a question elsewhere. */
  hasKeys?: boolean
  onPlace: (position: number) => void
  onGap: (gap: Gap) => void
}

/** The question that is open now, and every answer it can have, each with its key. */
export function NextAnswer({ draft, k, hasKeys = true, onPlace, onGap }: NextAnswerProps) {
  return draft.order.length < k ? (
    <div key="place" className={classes.row}>
      <span className={classes.question}>
        {draft.order.length === 0
          ? 'Which is the best?'
          : `Which comes ${ordinal(draft.order.length)}?`}
      </span>
      <div className={classes.letters} role="group" aria-label="Answers not placed yet">
        {unplaced(draft, k).map((position) => (
          <button
            key={position}
            type="button"
            data-enter="submit"
            onClick={() => onPlace(position)}
          >
            {letterOf(position)}
          </button>
        ))}
      </div>
    </div>
  ) : (
    <div key="gap" className={classes.row}>
      <span className={classes.question}>{gapQuestion(draft, draft.gapFocus)}</span>
      <div className={classes.choices} role="group" aria-label={gapQuestion(draft, draft.gapFocus)}>
        {GAP_KEYS.map((choice) => (
          <button
            key={choice.key}
            type="button"
            data-enter="submit"
            aria-pressed={draft.gaps[draft.gapFocus] === choice.gap}
            onClick={() => onGap(choice.gap)}
          >
            {hasKeys && <KeyCap>{choice.key}</KeyCap>}
            <span className={classes.sign} aria-hidden>
              {choice.sign}
            </span>
            <span>
              {choice.short}
              {choice.short !== choice.label && <span className="visually-hidden"> better</span>}
            </span>
          </button>
        ))}
      </div>
    </div>
  )
}
