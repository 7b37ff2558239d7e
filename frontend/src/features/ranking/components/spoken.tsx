import { useState } from 'react'
import type { Draft } from '@/features/ranking/model/draft'
import { askedNow } from '@/features/ranking/model/draft'
import type { Asked } from '@/features/ranking/model/judging'
import { changedWords, question, wantedKeys } from '@/features/ranking/model/words'
import { rankingSentence } from '@/lib/margins'

interface SpokenProps {
  draft: Draft
  asked: Asked
  /** Counts the submits that came too early. */
  nudges: number
}

/** What a screen reader hears after each key: what now stands, and what is wanted next. */
export function Spoken({ draft, asked, nudges }: SpokenProps) {
  const step = askedNow(draft, asked)
  const [heard, setHeard] = useState({ said: draft.said, words: '' })
  if (heard.said !== draft.said) {
    setHeard({ said: draft.said, words: changedWords(heard.said, draft.said, asked) })
  }
  const ranking = rankingSentence(draft.order, draft.gaps)
  return (
    <p className="visually-hidden" aria-live="polite" data-nudges={nudges}>
      {nudges > 0 && step.kind !== 'submit' && 'Not yet. '}
      {step.kind === 'judge' ? heard.words : ranking && `${ranking}.`}{' '}
      {question(step, draft, asked)} Keys: {wantedKeys(step, draft, asked)}.
    </p>
  )
}
