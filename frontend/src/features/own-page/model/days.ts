import type { OwnPage } from '@/lib/types'

const DAY_MS = 86_400_000
export const SPAN = 28

/** Comparisons by day for the last four weeks, days without work as 0; x counts days, 0 is today. */
export function byDay(days: OwnPage['days'], now: Date): { xs: number[]; ys: number[] } {
  const today = Date.UTC(now.getFullYear(), now.getMonth(), now.getDate())
  const counts = new Map(
    days.map(({ day, annotations }) => [(Date.parse(day) - today) / DAY_MS, annotations]),
  )
  const xs = Array.from({ length: SPAN }, (_, index) => index - SPAN + 1)
  return { xs, ys: xs.map((day) => counts.get(day) ?? 0) }
}
