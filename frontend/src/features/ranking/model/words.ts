import { letterOf, ordinal, plural } from '@/lib/format'
import type { Gap, RankingProgress, Submission } from '@/lib/types'
import type { Draft, Step } from './draft'
import type { Entry, OutboxState } from './outbox'
import { gapName } from './keys'

const listOf = (letters: string[]) =>
  letters.length < 2 ? letters.join('') : `${letters.slice(0, -1).join(', ')} or ${letters.at(-1)}`

export function unplaced(draft: Draft, k: number): number[] {
  return Array.from({ length: k }, (_, position) => position).filter(
    (position) => !draft.order.includes(position),
  )
}

/** What the page waits for, as one asks a person. */
export function question(step: Step, draft: Draft, k: number): string {
  if (k === 2 && (step.kind === 'place' || step.kind === 'gap'))
    return 'Which is better, and by how much?'
  switch (step.kind) {
    case 'place':
      return step.place === 0 ? 'Which is the best?' : `Which comes ${ordinal(step.place)}?`
    case 'gap':
      return gapQuestion(draft, step.index)
    case 'rationale':
      return 'Why? This campaign asks for a reason.'
    case 'submit':
      return 'Ready to submit.'
  }
}

export function gapQuestion(draft: Draft, index: number): string {
  const [better, worse] = [draft.order[index], draft.order[index + 1]]
  if (better === undefined || worse === undefined) return ''
  return `How much better is ${letterOf(better)} than ${letterOf(worse)}?`
}

/** The keys that answer the question. */
export function wantedKeys(step: Step, draft: Draft, k: number): string {
  if (step.kind === 'submit') return 'Enter'
  if (step.kind === 'rationale') return 'R'
  if (k === 2) return '1 to 7'
  return step.kind === 'gap' ? '0 to 4' : listOf(unplaced(draft, k).map(letterOf))
}

/** "C better than A; A equal to B". */
export function rankingSentence(order: number[], gaps: (Gap | undefined)[]): string {
  const said = order.slice(0, -1).map((position, place) => {
    const gap = gaps[place]
    const [better, worse] = [letterOf(position), letterOf(order[place + 1] ?? 0)]
    if (gap === undefined) return `${better} before ${worse}`
    return gap === null ? `${better} equal to ${worse}` : `${better} ${gapName(gap)} than ${worse}`
  })
  if (order.length === 1) return `${letterOf(order[0] ?? 0)} is 1st`
  return said.join('; ')
}

/** A ranking that the server will not take, as text to keep. */
export function keepsake(entry: Entry): string {
  const prompt = entry.task.prompt.at(-1)?.content ?? ''
  if (entry.what.kind === 'skip') return `Skipped: ${prompt}`
  const body: Submission = entry.what.body
  const answers = entry.task.completions.map(
    (completion) => `${letterOf(completion.position)}: ${completion.text}`,
  )
  const lines = [
    `Prompt: ${prompt}`,
    ...answers,
    `Ranking: ${rankingSentence(body.ranking, body.gaps)}`,
  ]
  if (body.all_bad) lines.push('All bad.')
  if (body.rationale) lines.push(`Reason: ${body.rationale}`)
  return lines.join('\n\n')
}

/** One quiet word about what is being saved. */
export function saveWord(outbox: OutboxState): string {
  const waiting = outbox.waiting.length
  if (waiting === 0) return 'saved'
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
