import { describe, expect, it } from 'vitest'
import type { MetricPoint } from '@/lib/types'
import { curvesOf, resultRows } from './curves'
import { estimateOf, verdict } from './decision'

describe('what an evaluation says', () => {
  it('claims no more than the interval allows', () => {
    expect(verdict({ value: 0.6, low: 0.52, high: 0.7 })).toContain('better')
    expect(verdict({ value: 0.4, low: 0.3, high: 0.48 })).toContain('worse')
    expect(verdict({ value: 0.55, low: 0.45, high: 0.64 })).toContain('cannot tell')
  })

  it('reads a number with its interval, or without one', () => {
    const metrics = { win: 0.6, win_interval: [0.5, 0.7], kl: 2, odd: Number.NaN }
    expect(estimateOf(metrics, 'win')).toEqual({ value: 0.6, low: 0.5, high: 0.7 })
    expect(estimateOf(metrics, 'kl')).toEqual({ value: 2, low: 2, high: 2 })
    expect(estimateOf(metrics, 'odd')).toBeNull()
    expect(estimateOf(metrics, 'missing')).toBeNull()
  })
})

describe('curves and results', () => {
  it('puts the loss first and leaves a gap where a step did not measure something', () => {
    const points: MetricPoint[] = [
      { step: 1, values: { kl: 0.1, loss: 0.69 }, at: '' },
      { step: 2, values: { loss: 0.6 }, at: '' },
    ]
    expect(curvesOf(points).map(({ name, ys }) => [name, ys])).toEqual([
      ['loss', [0.69, 0.6]],
      ['kl', [0.1, null]],
    ])
  })

  it('writes results as a person reads them, intervals with what they belong to, no tables', () => {
    const rows = resultRows({
      heldout_accuracy: 0.724,
      heldout_accuracy_by_margin: { '0': 0.5, '3': { accuracy: 0.8, pairs: 12 } },
      win_rate_vs_start: 0.63,
      win_rate_vs_start_interval: [0.55, 0.71],
      loss: null,
    })
    expect(rows.map((row) => [row.title, row.value])).toEqual([
      ['Accuracy on held-out pairs', '72 %'],
      ['Won against the champion', '63 % (55 % to 71 %)'],
    ])
  })
})
