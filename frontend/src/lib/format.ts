const relative = new Intl.RelativeTimeFormat('en', { numeric: 'auto' })
const UNITS: [Intl.RelativeTimeFormatUnit, number][] = [
  ['year', 31_557_600],
  ['month', 2_629_800],
  ['day', 86_400],
  ['hour', 3_600],
  ['minute', 60],
]

/** "3 minutes ago", "in 2 hours"; "just now" within three quarters of a minute. */
export function relativeTime(iso: string, now: number): string {
  const seconds = (Date.parse(iso) - now) / 1000
  for (const [unit, length] of UNITS) {
    if (Math.abs(seconds) >= length * 0.75)
      return relative.format(Math.round(seconds / length), unit)
  }
  return 'just now'
}

/** A span of time in the two units that matter: "45 s", "3 min 20 s", "1 h 5 min". */
export function duration(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds))
  if (whole < 60) return `${whole} s`
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`
  return `${Math.floor(whole / 3600)} h ${Math.round((whole % 3600) / 60)} min`
}

/** At most four significant digits, so that columns of figures can be read. */
export function figure(value: number): string {
  if (!Number.isFinite(value)) return '–'
  const size = Math.abs(value)
  const text = Number.isInteger(size)
    ? size.toLocaleString('en')
    : size < 0.001
      ? size.toExponential(1)
      : size.toLocaleString('en', { maximumSignificantDigits: size < 1 ? 3 : 4 })
  return value < 0 ? `−${text}` : text
}

/** For numbers that stand beside their interval: more digits than that would say nothing. */
export const twoDecimals = (value: number) => value.toFixed(2).replace('-', '−')

export function percent(share: number): string {
  const isNearlyWhole = (share > 0.995 && share < 1) || (share > 0 && share < 0.005)
  return `${(share * 100).toFixed(isNearlyWhole ? 1 : 0)} %`
}

const ORDINALS = ['1st', '2nd', '3rd']
export const ordinal = (place: number) => ORDINALS[place] ?? `${place + 1}th`

/** Letters name positions, never models. */
export const letterOf = (position: number) => String.fromCharCode(65 + position)

export const plural = (count: number, one: string, many = `${one}s`) =>
  `${count.toLocaleString('en')} ${count === 1 ? one : many}`
