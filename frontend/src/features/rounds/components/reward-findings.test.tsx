import { MantineProvider } from '@mantine/core'
import { render, screen } from '@testing-library/react'
import { describe, expect, it } from 'vitest'
import { RewardFindings } from './reward-findings'

const bin = (confidence: number, accuracy: number, pairs: number) => ({
  low: 0.5,
  high: 1,
  confidence,
  accuracy,
  pairs,
})

const METRICS = {
  heldout_accuracy: 0.75,
  heldout_pairs: 20,
  heldout_accuracy_by_margin: {
    '0': { accuracy: 0.5, pairs: 8 },
    '3': { accuracy: 1, pairs: 12 },
  },
  heldout_accuracy_by_round: { '2': { accuracy: 0.75, pairs: 20 } },
  calibration: {
    before: { log_loss: 0.61, calibration_error: 0.12, reliability: [bin(0.9, 0.7, 20)] },
    after: { log_loss: 0.55, calibration_error: 0.06, reliability: [bin(0.8, 0.75, 20)] },
  },
  length: { correlation: 0.3, longer_preferred: 0.6, longer_scored_higher: 0.8 },
  members: { accuracy: [0.7, 0.65], variance: 0.2 },
}

const show = (metrics: Record<string, unknown>) =>
  render(
    <MantineProvider env="test">
      <RewardFindings metrics={metrics} />
    </MantineProvider>,
  )

const rows = () =>
  screen
    .getAllByRole('row')
    .slice(1)
    .map((row) => row.textContent)

describe('what a reward model has learnt', () => {
  it('stands by margin and by round, beside what was scored before it was learnt', () => {
    const prequential = {
      accuracy: 0.66,
      pairs: 50,
      by_margin: { '1': { accuracy: 0.66, pairs: 50 } },
      by_round: { '2': { accuracy: 0.66, pairs: 50 } },
    }
    show({ ...METRICS, prequential })
    expect(
      screen.getByRole('columnheader', { name: 'New ones, by the model before' }),
    ).toBeDefined()
    expect(rows()).toEqual([
      'All pairs75 % of 20 pairs66 % of 50 pairs',
      'Negligibly better50 % of 8 pairs–',
      'Slightly better–66 % of 50 pairs',
      'Significantly better100 % of 12 pairs–',
      'Round 275 % of 20 pairs66 % of 50 pairs',
    ])
  })

  it('says how sure it may be, what its members do alone and what it makes of length', () => {
    show(METRICS)
    expect(screen.queryByRole('columnheader', { name: /model before/ })).toBeNull()
    expect(screen.getByRole('img').getAttribute('aria-label')).toBe(
      'After calibration: 80 % sure, 75 % right (20 pairs)',
    )
    expect(screen.getByText(/Calibration error 12 % before, 6 % after/)).toBeDefined()
    expect(screen.getByText(/2 members alone: 70 %, 65 % of held-out pairs/)).toBeDefined()
    expect(screen.getByText(/people chose the longer in 60 %.*scores higher in 80 %/)).toBeDefined()
  })

  it('says why nothing was scored before it was learnt', () => {
    show({ ...METRICS, prequential: { not_measured: 'The model before is gone.' } })
    expect(screen.getByText('The model before is gone.')).toBeDefined()
  })

  it('says of a safety model how it ranks the bins and tells what is unsafe', () => {
    show({
      heldout_accuracy: 0.8,
      heldout_pairs: 10,
      heldout_accuracy_by_margin: {},
      heldout_accuracy_by_bin: {
        both_safe: { accuracy: 0.6, pairs: 5 },
        preferred_safe: { accuracy: 1, pairs: 5 },
      },
      labels: {
        safe: 15,
        unsafe: 5,
        recall: 0.8,
        threshold: { precision: 1, recall: 0.4, replies: 2 },
      },
    })
    expect(rows()).toEqual([
      'All pairs80 % of 10 pairs',
      'Both are safe60 % of 5 pairs',
      'The better one alone is safe100 % of 5 pairs',
    ])
    const note = screen.getByText(/^Held out, /).textContent
    expect(note).toContain('5 answers were called unsafe and 15 safe')
    expect(note).toContain('It calls 80 % of the unsafe ones unsafe.')
    expect(note).toContain('where safety decides alone, are 2; 100 % of them are unsafe.')
  })

  it('makes do with what runs before these numbers have', () => {
    show({ heldout_accuracy: 0.7, heldout_pairs: 4, heldout_accuracy_by_margin: {} })
    expect(rows()).toEqual(['All pairs70 % of 4 pairs'])
    expect(screen.queryByRole('img')).toBeNull()
  })

  it('takes no number on trust', () => {
    show({
      ...METRICS,
      heldout_accuracy: null,
      calibration: { before: 3, after: { calibration_error: 'x' } },
      length: [],
      members: { accuracy: ['x'] },
    })
    expect(rows()[0]).toBe('All pairs–')
    expect(screen.queryByRole('img')).toBeNull()
    expect(screen.queryByText(/alone/)).toBeNull()
  })

  it('is nothing for other results', () => {
    show({ loss: 0.5 })
    expect(screen.queryByRole('table')).toBeNull()
  })
})
