import { expect, it } from 'vitest'
import { byDay } from './days'

it('counts from today, with the days of rest between', () => {
  const days = [
    { day: '2026-02-27', annotations: 4, active_seconds: 60 },
    { day: '2026-03-02', annotations: 9, active_seconds: 90 },
    { day: '2025-12-01', annotations: 7, active_seconds: 70 },
  ]
  const { xs, ys } = byDay(days, new Date(2026, 2, 2, 23, 30))
  expect([xs[0], xs.at(-1), xs.length]).toEqual([-27, 0, 28])
  expect(ys.slice(-5)).toEqual([0, 4, 0, 0, 9])
  expect(ys.reduce((sum, count) => sum + count)).toBe(13)
})
