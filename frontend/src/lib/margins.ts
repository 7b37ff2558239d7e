import { letterOf } from './format'
import type { Gap } from './types'

const MARGINS: [Gap, string][] = [
  [null, 'equal'],
  [0, 'negligibly better'],
  [1, 'slightly better'],
  [2, 'better'],
  [3, 'significantly better'],
]

/** The four margins and the tie in words; "" for what is none of them. */
export const marginName = (gap: Gap) => MARGINS.find(([level]) => level === gap)?.[1] ?? ''

/** "C better than A; A equal to B". A gap that is still open says only which comes before. */
export function rankingSentence(order: number[], gaps: (Gap | undefined)[]): string {
  const said = order.slice(0, -1).map((position, place) => {
    const gap = gaps[place]
    const [better, worse] = [letterOf(position), letterOf(order[place + 1] ?? 0)]
    if (gap === undefined) return `${better} before ${worse}`
    return gap === null
      ? `${better} equal to ${worse}`
      : `${better} ${marginName(gap)} than ${worse}`
  })
  if (order.length === 1) return `${letterOf(order[0] ?? 0)} is 1st`
  return said.join('; ')
}
