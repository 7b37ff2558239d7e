import { policyStages } from '@/lib/methods'
import type { Recipe, Round, RoundState, Run, Stage } from '@/lib/types'

export type StepName =
  'sampling' | 'collecting' | 'training_reward' | 'training_policy' | 'evaluating' | 'deciding'
export type StepStatus = 'done' | 'now' | 'failed' | 'todo'

export interface RoundStep {
  name: StepName
  label: string
  /** The label where there is little room. */
  short: string
  status: StepStatus
  /** Seconds spent in it so far; null when it was never entered. */
  seconds: number | null
}

const STEPS: { name: StepName; label: string; short: string }[] = [
  { name: 'sampling', label: 'Sample', short: 'Sample' },
  { name: 'collecting', label: 'Collect', short: 'Collect' },
  { name: 'training_reward', label: 'Train reward model', short: 'Reward' },
  { name: 'training_policy', label: 'Train policy', short: 'Policy' },
  { name: 'evaluating', label: 'Evaluate', short: 'Evaluate' },
  { name: 'deciding', label: 'Decide', short: 'Decide' },
]

function rewardStages({ judge, safety }: Recipe): Stage[] {
  const stages: Stage[] = judge === 'off' ? ['reward'] : ['judge', 'reward']
  return safety ? [...stages, 'safety'] : stages
}

/** The stages that a step runs, one after another; none where people work. */
export function stagesOf(round: Round, step: StepName): Stage[] {
  switch (step) {
    case 'sampling':
      return ['sample']
    case 'training_reward':
      return rewardStages(round.recipe)
    case 'training_policy':
      return policyStages(round.recipe)
    case 'evaluating':
      return ['evaluate']
    case 'collecting':
    case 'deciding':
      return []
  }
}

export const isStepName = (name: unknown): name is StepName =>
  STEPS.some((step) => step.name === name)

/** The step a round is in, or ended in. */
export function stepOf(round: Round): StepName {
  if (round.state === 'planned') return 'sampling'
  if (round.state === 'closed') return 'deciding'
  if (round.state === 'failed' && isStepName(round.failed_in)) return round.failed_in
  if (isStepName(round.state)) return round.state
  return isStepName(lastWorkingState(round)) ? (lastWorkingState(round) as StepName) : 'sampling'
}

/** For a round that was cancelled: what it was doing then. */
function lastWorkingState(round: Round): RoundState | undefined {
  return round.events.findLast((event) => isStepName(event.to_state))?.to_state
}

/** In a chat nothing is sampled ahead: its round begins with collecting. */
const isChatted = ({ events }: Round) =>
  events.some((event) => event.from_state === 'planned' && event.to_state === 'collecting')

/** The line of steps, each with how it stands. `now` in milliseconds. */
export function stepsOf(round: Round, now: number): RoundStep[] {
  const steps = isChatted(round) ? STEPS.filter((step) => step.name !== 'sampling') : STEPS
  const at = steps.findIndex((step) => step.name === stepOf(round))
  return steps.map((step, index) => ({
    ...step,
    status: statusOf(round, index, at),
    seconds: secondsIn(round, step.name, now),
  }))
}

function statusOf(round: Round, index: number, at: number): StepStatus {
  if (index < at || round.state === 'closed') return 'done'
  if (index > at || round.state === 'cancelled') return 'todo'
  return round.state === 'failed' ? 'failed' : 'now'
}

/** The time between each entry of a state and the next move, added up: a retry enters it again. */
function secondsIn(round: Round, name: StepName, now: number): number | null {
  let total: number | null = null
  round.events.forEach((event, index) => {
    if (event.to_state !== name) return
    const left = round.events[index + 1]?.at
    const end = left === undefined ? now : Date.parse(left)
    total = (total ?? 0) + Math.max(0, end - Date.parse(event.at)) / 1000
  })
  return total
}

/** The newest run of a stage, if the round has come to it. */
export const runOf = (round: Round, stage: Stage): Run | undefined =>
  round.runs.findLast((run) => run.stage === stage)

/** The run that a step was at last. */
export function lastRunOf(round: Round, step: StepName): Run | undefined {
  const stages: string[] = stagesOf(round, step)
  return round.runs.findLast((run) => stages.includes(run.stage))
}

export const isOver = (round: Round) => round.state === 'closed' || round.state === 'cancelled'
