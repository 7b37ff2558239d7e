import { KeyCap } from '@/components/key-cap'
import type { Cursor } from '@/features/ranking/model/cursor'
import { questionAt } from '@/features/ranking/model/cursor'
import type { Draft } from '@/features/ranking/model/draft'
import { nextStep } from '@/features/ranking/model/draft'
import type { Asked } from '@/features/ranking/model/judging'
import type { Keymap } from '@/features/ranking/model/keys'
import { keyName } from '@/features/ranking/model/keys'
import { answerKeys } from '@/features/ranking/model/words'
import { letterOf } from '@/lib/format'
import classes from './judge-hint.module.css'

interface JudgeHintProps {
  at: Cursor
  draft: Draft
  asked: Asked
  keymap: Keymap
}

/** Which question about which card the digits answer, and the keys that lead away from it. */
export function JudgeHint({ at, draft, asked, keymap }: JudgeHintProps) {
  const asks = questionAt(at, asked)
  const digits = answerKeys(asks)
  return (
    <p className={classes.hint} aria-hidden>
      <strong>
        {asks ? `${asks.label} of ${letterOf(at.position)}` : `Answer ${letterOf(at.position)}`}
      </strong>
      {digits && (
        <span>
          <KeyCap>{digits}</KeyCap> {asks?.isMany ? 'any of them' : 'answers'}
        </span>
      )}
      <span>
        <KeyCap>{keyName(keymap.next)}</KeyCap> next
      </span>
      <span>
        <KeyCap>{keyName(keymap.previous)}</KeyCap> back
      </span>
      {!asked.isOneSided && (
        <span>
          <KeyCap>Esc</KeyCap> to the ranking
        </span>
      )}
      {nextStep(draft, asked).kind === 'submit' && (
        <span className={classes.ready}>
          <KeyCap>Enter</KeyCap> submits
        </span>
      )}
    </p>
  )
}
