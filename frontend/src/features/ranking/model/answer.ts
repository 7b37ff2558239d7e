import type { MineAnnotation, Submission, Undone } from '@/lib/types'
import type { Draft } from './draft'
import { decidedGaps, EMPTY_DRAFT } from './draft'
import type { Asked } from './judging'
import { nothingSaid, sendable } from './judging'
import type { Held } from './session-types'

export type Answer = Omit<Submission, 'client_id'>

/**
 * A draft in which everything is decided, as it is submitted: less what the campaign does not ask (any
 * more), which the server would refuse.
 */
export const answerOf = (draft: Draft, asked: Asked, seconds: number): Answer => ({
  ranking: asked.isOneSided ? [] : draft.order,
  gaps: asked.isOneSided ? [] : decidedGaps(draft),
  completions: sendable(draft.said, asked),
  all_bad: asked.canBeAllBad && draft.allBad,
  rationale: asked.rationale === 'off' ? '' : draft.rationale.trim(),
  active_seconds: seconds,
})

/** What was submitted, as the draft to go on from. */
export function draftOfAnswer(
  said: Pick<Undone, 'ranking' | 'gaps' | 'completions' | 'all_bad' | 'rationale'>,
  { isOneSided }: Asked,
): Draft {
  return {
    ...EMPTY_DRAFT,
    // Where thumbs stand instead of a ranking, the server makes one from them.
    order: isOneSided ? [] : said.ranking,
    gaps: isOneSided ? [] : said.gaps,
    gapFocus: Math.max(0, said.gaps.length - 1),
    // Written as it is when it comes back from the browser's storage.
    said: said.completions.map((one) => ({ ...nothingSaid(one.position), ...one })),
    allBad: said.all_bad,
    rationale: said.rationale,
  }
}

/** One of one's annotations as what stands on the screen to be changed: the texts, and nothing that was said. */
export function taskToAmend({ uid, prompt, completions }: MineAnnotation): Held {
  const shown = completions.map(({ position, text }) => ({ position, text }))
  return { uid, amends: uid, deadline: '', prompt, completions: shown }
}
