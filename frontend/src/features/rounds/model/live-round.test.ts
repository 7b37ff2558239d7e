import { describe, expect, it } from 'vitest'
import type { LiveMessage, MetricPoint, Round, Run } from '@/lib/types'
import { applyToRound, withMetric, withSamples } from './live-round'

const at = '2026-01-10T12:00:00Z'

const run = (id: number, change: Partial<Run> = {}): Run => ({
  id,
  stage: 'reward',
  state: 'running',
  attempt: 1,
  progress: {},
  error: '',
  metrics: null,
  queued_at: at,
  started_at: at,
  ended_at: null,
  ...change,
})

const round = (change: Partial<Round> = {}): Round =>
  ({
    state: 'collecting',
    failed_in: '',
    failure: '',
    entered_at: at,
    last_seq: 5,
    runs: [run(1)],
    events: [],
    ...change,
  }) as Round

describe('a round and its messages', () => {
  it('follows a move and writes it into its history', () => {
    const payload = {
      from: 'collecting',
      to: 'training_reward',
      reason: 'done',
      actor: null,
    } as const
    const next = applyToRound(round(), { seq: 6, at, kind: 'state', payload })
    expect(next).toMatchObject({ state: 'training_reward', last_seq: 6, entered_at: at })
    expect(next.events).toEqual([
      { from_state: 'collecting', to_state: 'training_reward', reason: 'done', actor: null, at },
    ])
  })

  it('knows in which state it failed, and forgets it when it is retried', () => {
    const failing = { from: 'collecting', to: 'failed', reason: 'Disk full.', actor: null } as const
    const failed = applyToRound(round(), { seq: 6, at, kind: 'state', payload: failing })
    expect(failed).toMatchObject({ failed_in: 'collecting', failure: 'Disk full.' })
    const retry = { from: 'failed', to: 'collecting', reason: 'retried', actor: 'ada' } as const
    const back = applyToRound(failed, { seq: 7, at, kind: 'state', payload: retry })
    expect(back).toMatchObject({ state: 'collecting', failed_in: '', failure: '' })
  })

  it('goes on from the number of a gap', () => {
    const next = applyToRound(round(), { seq: 90, at, kind: 'reload', payload: {} })
    expect(next).toEqual(round({ last_seq: 90 }))
  })

  it('changes nothing for a message that it has already', () => {
    const before = round()
    const message: LiveMessage = {
      seq: 5,
      at,
      kind: 'run',
      payload: { run: run(1, { state: 'failed' }) },
    }
    expect(applyToRound(before, message)).toBe(before)
    expect(applyToRound(before, { kind: 'ping' })).toBe(before)
  })

  it('adds a new run and renews a known one', () => {
    const more = applyToRound(round(), { seq: 6, at, kind: 'run', payload: { run: run(2) } })
    expect(more.runs.map((one) => one.id)).toEqual([1, 2])
    const done = run(2, { state: 'succeeded' })
    const renewed = applyToRound(more, { seq: 7, at, kind: 'run', payload: { run: done } })
    expect(renewed.runs.map((one) => one.state)).toEqual(['running', 'succeeded'])
  })

  it('keeps the newest progress of the run that made it', () => {
    const payload = { run_id: 1, stage: 'reward', progress: { step: 3, total: 9 } } as const
    const next = applyToRound(round(), { seq: 6, at, kind: 'progress', payload })
    expect(next.runs[0]?.progress).toEqual({ step: 3, total: 9 })
  })
})

describe('a curve', () => {
  const point = (step: number, loss: number): MetricPoint => ({ step, values: { loss }, at })

  it('grows step by step', () => {
    expect(withMetric([point(1, 0.7)], point(2, 0.6))).toEqual([point(1, 0.7), point(2, 0.6)])
  })

  it('takes the newest numbers of a step that was done again after a resume', () => {
    const curve = [point(1, 0.7), point(2, 0.6), point(3, 0.5)]
    expect(withMetric(curve, point(2, 0.65))).toEqual([
      point(1, 0.7),
      point(2, 0.65),
      point(3, 0.5),
    ])
  })
})

it('shows the newest samples first and not more than a page holds', () => {
  const sample = (text: string) => ({ prompt: '', text, temperature: 1, finish: 'stop' as const })
  const old = Array.from({ length: 20 }, (_, index) => sample(`old ${index}`))
  const shown = withSamples(old, [sample('new')])
  expect(shown).toHaveLength(20)
  expect(shown[0]?.text).toBe('new')
  expect(withSamples(shown, [sample('new')])).toEqual(shown)
})
