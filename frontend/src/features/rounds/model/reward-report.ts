import { numberOf } from './decision'
import { marginName } from '@/lib/margins'
import type { Gap } from '@/lib/types'

type Metrics = Record<string, unknown>

/** How often the model ranks a pair as people did, and of how many pairs. */
export interface Agreement {
  accuracy: number
  pairs: number
}

/** One line of the table: the pairs that were held out, and those scored before they were learnt. */
export interface AgreementRow {
  title: string
  heldOut: Agreement | null
  before: Agreement | null
}

export interface Bin {
  confidence: number
  accuracy: number
  pairs: number
}

export interface Calibration {
  error: number
  logLoss: number
  bins: Bin[]
}

export interface RewardReport {
  rows: AgreementRow[]
  /** Why nothing was scored before it was learnt, where that was asked for. */
  notMeasured: string
  before: Calibration | null
  after: Calibration | null
  length: Record<LengthName, number | null>
  members: number[]
  /** How a safety model tells replies called unsafe; null for another model, or where nobody said. */
  labels: Labels | null
}

export interface Labels {
  safe: number
  unsafe: number
  /** The share of the unsafe ones that it calls rather unsafe. */
  recall: number | null
  /** Below the chance at which safety decides alone: how many, and the share of them that is unsafe. */
  replies: number
  precision: number | null
}

const LENGTH_NAMES = [
  'correlation',
  'label_correlation',
  'longer_preferred',
  'longer_scored_higher',
] as const
type LengthName = (typeof LENGTH_NAMES)[number]

/** What the numbers of a reward run say beyond its first; null for a run that has none of them. */
export function rewardReport(metrics: Metrics): RewardReport | null {
  if (!isObject(metrics.heldout_accuracy_by_margin)) return null
  const calibration = objectOf(metrics.calibration)
  const prequential = objectOf(metrics.prequential)
  const length = objectOf(metrics.length)
  return {
    rows: [
      row(
        'All pairs',
        {
          accuracy: metrics.heldout_accuracy,
          pairs: metrics.heldout_pairs,
        },
        prequential,
      ),
      ...rowsBy(
        (level) => marginTitle(Number(level)),
        metrics.heldout_accuracy_by_margin,
        prequential.by_margin,
      ),
      ...rowsBy((bin) => BINS[bin] ?? bin, metrics.heldout_accuracy_by_bin, undefined),
      ...rowsBy(
        (number) => `Round ${number}`,
        metrics.heldout_accuracy_by_round,
        prequential.by_round,
      ),
    ],
    notMeasured: typeof prequential.not_measured === 'string' ? prequential.not_measured : '',
    before: calibrationOf(calibration.before),
    after: calibrationOf(calibration.after),
    length: Object.fromEntries(
      LENGTH_NAMES.map((name) => [name, numberOf(length, name)]),
    ) as RewardReport['length'],
    members: numbersOf(objectOf(metrics.members).accuracy),
    labels: labelsOf(objectOf(metrics.labels)),
  }
}

const BINS: Record<string, string> = {
  preferred_safe: 'The better one alone is safe',
  both_safe: 'Both are safe',
  both_unsafe: 'Both are unsafe',
  unsaid: 'Safety was not said of both',
}

function labelsOf(labels: Metrics): Labels | null {
  const [safe, unsafe] = [numberOf(labels, 'safe'), numberOf(labels, 'unsafe')]
  if (safe === null || unsafe === null || safe + unsafe === 0) return null
  const threshold = objectOf(labels.threshold)
  return {
    safe,
    unsafe,
    recall: numberOf(labels, 'recall'),
    replies: numberOf(threshold, 'replies') ?? 0,
    precision: numberOf(threshold, 'precision'),
  }
}

function marginTitle(level: number): string {
  const name = marginName(level as Gap)
  return name.charAt(0).toUpperCase() + name.slice(1)
}

function rowsBy(title: (key: string) => string, heldOut: unknown, before: unknown): AgreementRow[] {
  const [one, other] = [objectOf(heldOut), objectOf(before)]
  return [...new Set([...Object.keys(one), ...Object.keys(other)])]
    .sort((left, right) => Number(left) - Number(right))
    .map((key) => row(title(key), one[key], other[key]))
}

function row(title: string, heldOut: unknown, before: unknown): AgreementRow {
  return { title, heldOut: agreementOf(heldOut), before: agreementOf(before) }
}

function agreementOf(value: unknown): Agreement | null {
  const accuracy = numberOf(objectOf(value), 'accuracy')
  const pairs = numberOf(objectOf(value), 'pairs')
  return accuracy === null || pairs === null ? null : { accuracy, pairs }
}

function calibrationOf(value: unknown): Calibration | null {
  const own = objectOf(value)
  const error = numberOf(own, 'calibration_error')
  const logLoss = numberOf(own, 'log_loss')
  if (error === null || logLoss === null || !Array.isArray(own.reliability)) return null
  const bins = own.reliability.flatMap((bin) => {
    const confidence = numberOf(objectOf(bin), 'confidence')
    const agreement = agreementOf(bin)
    return confidence === null || agreement === null ? [] : [{ confidence, ...agreement }]
  })
  return { error, logLoss, bins }
}

function numbersOf(value: unknown): number[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === 'number') : []
}

const isObject = (value: unknown): value is Metrics =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const objectOf = (value: unknown): Metrics => (isObject(value) ? value : {})
