import type { RoundState } from '@/lib/types'
import classes from './round-state.module.css'

export const STATE_LABELS: Record<RoundState, string> = {
  planned: 'planned',
  sampling: 'sampling',
  collecting: 'collecting',
  training_reward: 'training the reward model',
  training_policy: 'training the policy',
  evaluating: 'evaluating',
  deciding: 'waiting for a decision',
  closed: 'closed',
  failed: 'failed',
  cancelled: 'cancelled',
}

/** A round's state in words, with a dot whose colour only repeats them. */
export function RoundStateBadge({ state }: { state: RoundState }) {
  return (
    <span className={classes.badge} data-state={state}>
      {STATE_LABELS[state]}
    </span>
  )
}
