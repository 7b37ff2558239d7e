export interface Estimate {
  value: number
  low: number
  high: number
}

type Metrics = Record<string, unknown>

export function numberOf(metrics: Metrics, name: string): number | null {
  const value = metrics[name]
  return typeof value === 'number' && Number.isFinite(value) ? value : null
}

/** A sampled number with its interval; without one the number stands for both ends. */
export function estimateOf(metrics: Metrics, name: string): Estimate | null {
  const value = numberOf(metrics, name)
  if (value === null) return null
  const interval = metrics[`${name}_interval`]
  const [low, high] = Array.isArray(interval) ? (interval as unknown[]) : []
  return {
    value,
    low: typeof low === 'number' ? low : value,
    high: typeof high === 'number' ? high : value,
  }
}

/** What the win rate says, no more strongly than its interval allows. */
export function verdict(winRate: Estimate): string {
  if (winRate.low > 0.5) return 'The challenger is better than the champion by the reward model.'
  if (winRate.high < 0.5) return 'The challenger is worse than the champion by the reward model.'
  return 'The reward model cannot tell challenger and champion apart.'
}
