import { describe, expect, it } from 'vitest'
import type { Round, RoundEvent, RoundState } from '@/lib/types'
import { lastRunOf, stagesOf, stepOf, stepsOf } from './steps'

const moves = (...states: [RoundState, number][]): RoundEvent[] =>
  states.map(([to_state, second]) => ({
    from_state: '',
    to_state,
    actor: null,
    reason: '',
    at: new Date(second * 1000).toISOString(),
  }))

const round = (state: RoundState, events: RoundEvent[] = [], failed_in: RoundState | '' = '') =>
  ({ state, events, failed_in, runs: [] }) as unknown as Round

const statuses = (one: Round) => stepsOf(one, 0).map((step) => step.status)

describe('the line of steps', () => {
  it('has everything before the present step done and everything after it to come', () => {
    expect(statuses(round('training_reward'))).toEqual([
      'done',
      'done',
      'now',
      'todo',
      'todo',
      'todo',
    ])
  })

  it('stands on sampling while the round is planned, and is all done when it is closed', () => {
    expect(stepOf(round('planned'))).toBe('sampling')
    expect(new Set(statuses(round('closed')))).toEqual(new Set(['done']))
  })

  it('marks the step that failed', () => {
    expect(statuses(round('failed', [], 'evaluating'))[4]).toBe('failed')
  })

  it('stands, when cancelled, where the round was', () => {
    const cancelled = round(
      'cancelled',
      moves(['sampling', 0], ['collecting', 10], ['cancelled', 30]),
    )
    expect(stepOf(cancelled)).toBe('collecting')
    expect(statuses(cancelled)).toEqual(['done', 'todo', 'todo', 'todo', 'todo', 'todo'])
  })

  it('adds up the time of a step that was retried, and counts the present one until now', () => {
    const events = moves(
      ['sampling', 0],
      ['collecting', 10],
      ['training_reward', 40],
      ['failed', 60],
      ['training_reward', 100],
    )
    const seconds = stepsOf(round('training_reward', events), 105_000).map((step) => step.seconds)
    expect(seconds).toEqual([10, 30, 25, null, null, null])
  })
})

describe('the runs of a step', () => {
  const several = {
    ...round('training_policy'),
    recipe: { method: ['rejection_sampling', 'online_dpo'] },
    runs: [
      { id: 1, stage: 'reward' },
      { id: 2, stage: 'rejection' },
      { id: 3, stage: 'rejection' },
    ],
  } as unknown as Round

  it('are those that the recipe asks for', () => {
    const asked = (recipe: object) =>
      stagesOf({ ...several, recipe } as unknown as Round, 'training_reward')
    expect(asked({ judge: 'off', safety: false })).toEqual(['reward'])
    expect(asked({ judge: 'policy', safety: true })).toEqual(['judge', 'reward', 'safety'])
  })

  it('are those of the methods, in order', () => {
    expect(stagesOf(several, 'training_policy')).toEqual(['rejection', 'online'])
    expect(stagesOf(several, 'deciding')).toEqual([])
  })

  it('ended with the newest', () => {
    expect(lastRunOf(several, 'training_policy')?.id).toBe(3)
    expect(lastRunOf(several, 'evaluating')).toBeUndefined()
  })

  it('has no sampling in a chat, which begins with collecting', () => {
    const [entered] = moves(['collecting', 0])
    const chat = round('collecting', entered && [{ ...entered, from_state: 'planned' }])
    expect(stepsOf(chat, 0).map((step) => step.name)[0]).toBe('collecting')
    expect(statuses(chat)).toEqual(['now', 'todo', 'todo', 'todo', 'todo'])
  })
})
