import type { Judgement } from '@/lib/types'
import type { Draft } from './draft'
import type { Asked, Question } from './judging'
import { saidOf } from './judging'

/** A question about one card, to which the digits go; `question` is null where only the card is looked at. */
export interface Cursor {
  position: number
  question: string | null
}

type Judging = Pick<Draft, 'said' | 'cursor'>

/** Whether cards can be gone to at all: the campaign asks something of each, or lets them be edited. */
export const isJudgeable = (asked: Asked) => asked.questions.length > 0 || asked.canEdit

/** The questions to which one is led; the others open when one goes there. */
export const ledQuestions = (asked: Asked) =>
  asked.questions.filter((question) => !question.isOnDemand)

/** Every question to which one is led, card by card; the cards themselves where there is none. */
function stopsOf(asked: Asked): Cursor[] {
  const led = ledQuestions(asked).map(({ id }) => id)
  const questions = led.length > 0 ? led : [null]
  const positions = isJudgeable(asked) ? Array.from({ length: asked.k }, (_, at) => at) : []
  return positions.flatMap((position) => questions.map((question) => ({ position, question })))
}

const isAt = (stop: Cursor, cursor: Cursor | null) =>
  stop.position === cursor?.position && stop.question === cursor.question

export function questionAt(cursor: Cursor | null, asked: Asked): Question | null {
  return asked.questions.find((question) => question.id === cursor?.question) ?? null
}

export function chosenAt(cursor: Cursor, said: Judgement[], asked: Asked): number[] {
  return questionAt(cursor, asked)?.chosen(saidOf(said, cursor.position)) ?? []
}

/** Questions without an answer, in the order in which one is led to them. */
export function openStops(said: Judgement[], asked: Asked): Cursor[] {
  return stopsOf(asked).filter(
    (stop) => stop.question !== null && chosenAt(stop, said, asked).length === 0,
  )
}

/** Where the digits go: to a card's question, or, when null, to the ranking. */
export function cursorOf(draft: Judging, asked: Asked): Cursor | null {
  if (draft.cursor && draft.cursor.position < asked.k) return draft.cursor
  return asked.isOneSided ? (openStops(draft.said, asked)[0] ?? stopsOf(asked)[0] ?? null) : null
}

/** The first question of a card that is open still, else its first one. */
export function stopOfCard(position: number, draft: Judging, asked: Asked): Cursor | null {
  const isHere = (stop: Cursor) => stop.position === position
  return openStops(draft.said, asked).find(isHere) ?? stopsOf(asked).find(isHere) ?? null
}

/**
 * Where the keyboard goes by itself once this is answered: on to the next open question, and after the
 * last one to the ranking, unless that is done too. A question of many answers waits to be left.
 */
export function wentOn(draft: Judging, isRanked: boolean, asked: Asked): Cursor | null {
  const cursor = cursorOf(draft, asked)
  const open = openStops(draft.said, asked)
  if (!cursor) return isRanked ? (open[0] ?? null) : null
  const question = questionAt(cursor, asked)
  if (!question || question.isMany || chosenAt(cursor, draft.said, asked).length === 0)
    return cursor
  const stops = stopsOf(asked)
  const here = stops.findIndex((stop) => isAt(stop, cursor))
  const later = open.find((stop) => stops.findIndex((other) => isAt(other, stop)) > here)
  return later ?? open[0] ?? (isRanked ? cursor : null)
}

/** One question on or back; past either end it is the ranking's turn. */
export function stepped(draft: Judging, by: 1 | -1, asked: Asked): Cursor | null {
  const stops = stopsOf(asked)
  const cursor = cursorOf(draft, asked)
  if (!cursor) {
    const [open] = by === 1 ? openStops(draft.said, asked) : []
    return open ?? stops.at(by === 1 ? 0 : -1) ?? null
  }
  const here = stops.findIndex((stop) => isAt(stop, cursor))
  // From a question to which one is not led (flags), on is the next card and back is the card itself.
  const lastHere = stops.findLastIndex((stop) => stop.position === cursor.position)
  if (here === -1) return (by === 1 ? stops[lastHere + 1] : stops[lastHere]) ?? null
  return stops[here + by] ?? null
}
