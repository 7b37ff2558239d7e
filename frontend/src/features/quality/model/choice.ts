import type { Gap } from '@/lib/types'

export interface Choice {
  ranking: number[]
  gaps: Gap[]
}

/** Another one at this place; the two change places, so that each is there once. */
export function withAt(choice: Choice, place: number, index: number): Choice {
  const before = choice.ranking[place]
  return {
    ...choice,
    ranking: choice.ranking.map((one, at) =>
      at === place ? index : one === index && before !== undefined ? before : one,
    ),
  }
}

export const isSameChoice = (one: Choice, other: Choice) =>
  JSON.stringify([one.ranking, one.gaps]) === JSON.stringify([other.ranking, other.gaps])
