import { letterOf, ordinal, plural } from '@/lib/format'
import { rankingSentence } from '@/lib/margins'
import type { Judgement, RankingProgress, Submission } from '@/lib/types'
import type { Cursor } from './cursor'
import { questionAt } from './cursor'
import type { Draft, Step } from './draft'
import { nextStep } from './draft'
import type { Asked, Question } from './judging'
import type { Entry, OutboxState } from './outbox'

const listOf = (letters: string[]) =>
  letters.length < 2 ? letters.join('') : `${letters.slice(0, -1).join(', ')} or ${letters.at(-1)}`

export function unplaced(draft: Draft, k: number): number[] {
  return Array.from({ length: k }, (_, position) => position).filter(
    (position) => !draft.order.includes(position),
  )
}

/** What the page asks, as one asks a person. */
export function question(step: Step, draft: Draft, asked: Asked): string {
  if (asked.k === 2 && (step.kind === 'place' || step.kind === 'gap'))
    return 'Which is better, and by how much?'
  switch (step.kind) {
    case 'place':
      return step.place === 0 ? 'Which is the best?' : `Which comes ${ordinal(step.place)}?`
    case 'gap':
      return gapQuestion(draft, step.index)
    case 'judge':
      return judgeQuestion(step.at, asked)
    case 'rationale':
      return 'Why? This campaign asks for a reason.'
    case 'submit':
      return 'Ready to submit.'
  }
}

function judgeQuestion(at: Cursor, asked: Asked): string {
  const label = questionAt(at, asked)?.label
  return label ? `${label} of ${letterOf(at.position)}?` : `Answer ${letterOf(at.position)}.`
}

export function gapQuestion(draft: Draft, index: number): string {
  const [better, worse] = [draft.order[index], draft.order[index + 1]]
  if (better === undefined || worse === undefined) return ''
  return `How much better is ${letterOf(better)} than ${letterOf(worse)}?`
}

/** The keys that answer the question. */
export function wantedKeys(step: Step, draft: Draft, asked: Asked): string {
  switch (step.kind) {
    case 'submit':
      return 'Enter'
    case 'rationale':
      return 'R'
    case 'judge': {
      const isDone = nextStep(draft, asked).kind === 'submit'
      const keys = answerKeys(questionAt(step.at, asked))
      return isDone ? [keys, 'Enter submits'].filter(Boolean).join(', ') : keys
    }
    case 'gap':
      return asked.k === 2 ? '1 to 7' : '0 to 4'
    case 'place':
      return asked.k === 2 ? '1 to 7' : listOf(unplaced(draft, asked.k).map(letterOf))
  }
}

/** Options beyond the tenth have no digit. */
export const answerKeys = (asked: Question | null) => {
  const count = asked?.options.length ?? 0
  if (count === 0) return ''
  return count > 9 ? '1 to 9 and 0' : `1 to ${count}`
}

/** "Safe", "Helpfulness 4", "flagged harmful", "edited": what was said of one card. */
export function judgementWords(said: Judgement, asked: Asked): string[] {
  const answers = asked.questions.flatMap((question) => {
    const chosen = question.chosen(said).map((index) => question.options[index])
    return chosen.length === 0 ? [] : [question.says(chosen.join(' and '))]
  })
  return [...answers, ...(asked.canEdit && said.edit !== null ? ['edited'] : [])]
}

/** What is said now of the cards that were judged otherwise before, for a screen reader. */
export function changedWords(before: Judgement[], now: Judgement[], asked: Asked): string {
  const changed = now.filter(
    (said) => before.find((old) => old.position === said.position) !== said,
  )
  return changed
    .map((said) => {
      const words = judgementWords(said, asked).join(', ') || 'nothing said'
      return `${letterOf(said.position)}: ${words}.`
    })
    .join(' ')
}

/** A ranking that the server will not take, as text to keep. */
export function keepsake(entry: Entry): string {
  const prompt = entry.task.prompt.at(-1)?.content ?? ''
  if (entry.what.kind === 'skip') return `Skipped: ${prompt}`
  const body: Submission = entry.what.body
  const answers = entry.task.completions.map(
    (completion) => `${letterOf(completion.position)}: ${completion.text}`,
  )
  const lines = [`Prompt: ${prompt}`, ...answers]
  if (body.ranking.length > 0) lines.push(`Ranking: ${rankingSentence(body.ranking, body.gaps)}`)
  lines.push(...body.completions.map(judgementAsText))
  if (body.all_bad) lines.push('All bad.')
  if (body.rationale) lines.push(`Reason: ${body.rationale}`)
  return lines.join('\n\n')
}

function judgementAsText(said: Judgement): string {
  const { position, safe, thumb, attributes, flags, edit } = said
  const words = [
    safe === null ? '' : safe ? 'safe' : 'unsafe',
    thumb === null ? '' : `thumb ${thumb}`,
    ...Object.entries(attributes).map(([name, value]) => `${name} ${String(value)}`),
    ...flags.map(({ reason, note }) => `flagged: ${reason}${note && ` (${note})`}`),
    edit === null ? '' : `better: ${edit}`,
  ]
  return `Of ${letterOf(position)}: ${words.filter(Boolean).join('; ')}`
}

/** One quiet word about what is being saved. */
export function saveWord(outbox: OutboxState, isOffline: boolean): string {
  const waiting = outbox.waiting.length
  if (waiting === 0) return isOffline ? 'offline' : 'saved'
  if (outbox.trouble === 'offline') return `offline: ${waiting} waiting`
  if (outbox.trouble === 'server') return `the server is busy: ${waiting} waiting`
  if (outbox.trouble === 'login') return `logged out: ${waiting} waiting`
  return 'saving'
}

interface Nothing {
  title: string
  text: string
}

/** Why there is nothing to rank, and what happens next. */
export function whyNothing(progress: RankingProgress | null): Nothing {
  const goesOn = 'This page looks again by itself; you can leave it open.'
  if (progress?.reason === 'all_done_for_you') {
    return {
      title: 'You have ranked all that waits for you',
      text: `${plural(progress.mine, 'comparison')} of yours in round ${progress.round ?? ''}. Thank you. ${goesOn}`,
    }
  }
  if (progress?.reason === 'round_full') {
    return {
      title: 'This round has what it needs',
      text: `Every comparison is ranked or in somebody's hands. ${goesOn}`,
    }
  }
  return {
    title: 'No round is collecting rankings',
    text: `A researcher opens the next one; its comparisons then appear here. ${goesOn}`,
  }
}
