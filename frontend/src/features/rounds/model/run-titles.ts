import { ALL_METHODS, METHODS } from '@/lib/methods'
import type { Stage } from '@/lib/types'

const TITLES: Partial<Record<Stage, string>> = {
  sample: 'Sampling answers',
  judge: 'A language model judges',
  reward: 'Training the reward model',
  safety: 'Training the safety reward model',
  evaluate: 'Evaluating challenger against champion',
}

/** What a stage does; a method says which of how many it is. */
export function runTitle(stage: Stage, stages: Stage[]): string {
  const method = ALL_METHODS.find((one) => METHODS[one].stage === stage)
  if (method === undefined) return TITLES[stage] ?? stage
  const place = stages.length > 1 ? `, ${stages.indexOf(stage) + 1} of ${stages.length}` : ''
  return `Training the policy: ${METHODS[method].label}${place}`
}
