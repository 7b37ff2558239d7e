import { figure, percent } from '@/lib/format'
import type { MetricPoint } from '@/lib/types'

export interface Curve {
  name: string
  title: string
  xs: number[]
  ys: (number | null)[]
}

const TITLES: Record<string, string> = {
  loss: 'Loss',
  accuracy: 'Accuracy on training pairs',
  kl: 'KL to the round’s start (nats)',
  margin: 'Reward margin',
  reward: 'Mean reward of fresh answers',
  length: 'Mean length of fresh answers (tokens)',
  surprise: 'Loss of the better answers (nats a token)',
  zero: 'Zero point: KL on mismatched answers (nats)',
  first_loss: 'Loss before training (ln 2 is 0.693)',
  train_accuracy: 'Accuracy on the pairs it was trained on',
  heldout_accuracy: 'Accuracy on held-out pairs',
  heldout_pairs: 'Held-out pairs',
  heldout_rankings: 'Held-out rankings',
  train_rankings: 'Rankings trained on',
  helpful_rankings: 'Of them without an unsafe answer',
  safe_replies: 'Answers called safe, trained on',
  unsafe_replies: 'Answers called unsafe, trained on',
  unsafe: 'Likely unsafe answers',
  kl_to_start: 'KL to the round’s start (nats)',
  kl_to_base: 'KL to the first model (nats)',
  length_mean: 'Mean length (tokens)',
  distinct_texts: 'Distinct replies',
  reward_mean: 'Mean reward, raw',
  reward_std: 'Standard deviation of rewards, raw',
  stopped: 'Ended by themselves',
  temperature: 'Temperature',
  win_rate_vs_start: 'Won against the champion',
  win_rate_vs_base: 'Won against the first model',
}
const FIRST = ['reward', 'loss', 'accuracy', 'kl', 'margin']

/** One curve for each number that the steps measured; those that tell most come first. */
export function curvesOf(points: MetricPoint[]): Curve[] {
  const names = [...new Set(points.flatMap((point) => Object.keys(point.values)))]
  const rank = (name: string) => (FIRST.includes(name) ? FIRST.indexOf(name) : FIRST.length)
  const xs = points.map((point) => point.step)
  return names
    .sort((one, other) => rank(one) - rank(other) || one.localeCompare(other))
    .map((name) => ({
      name,
      title: titleOf(name),
      xs,
      ys: points.map((point) => point.values[name] ?? null),
    }))
}

export function titleOf(name: string): string {
  const words = name.replaceAll('_', ' ')
  return TITLES[name] ?? words.charAt(0).toUpperCase() + words.slice(1)
}

export interface ResultRow {
  name: string
  title: string
  value: string
}

/** The numbers of a result as a person reads them; intervals stand with what they belong to, tables elsewhere. */
export function resultRows(metrics: Record<string, unknown>): ResultRow[] {
  return Object.entries(metrics)
    .filter(([name]) => !name.endsWith('_interval'))
    .map(([name, value]) => ({
      name,
      title: titleOf(name),
      value: valueText(name, value) + intervalText(metrics[`${name}_interval`], name),
    }))
    .filter((row) => row.value !== '')
}

const isShare = (name: string) => /accuracy|win_rate|stopped|distinct|unsafe$/.test(name)

function numberText(name: string, value: number): string {
  return isShare(name) ? percent(value) : figure(value)
}

function intervalText(interval: unknown, name: string): string {
  if (!Array.isArray(interval) || interval.length !== 2) return ''
  const [low, high] = interval as [unknown, unknown]
  if (typeof low !== 'number' || typeof high !== 'number') return ''
  return ` (${numberText(name, low)} to ${numberText(name, high)})`
}

function valueText(name: string, value: unknown): string {
  if (typeof value === 'number') return numberText(name, value)
  return typeof value === 'string' ? value : ''
}
