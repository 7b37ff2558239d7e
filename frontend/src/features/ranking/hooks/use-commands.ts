import { useState } from 'react'
import { cursorOf } from '@/features/ranking/model/cursor'
import type { DraftAction } from '@/features/ranking/model/draft'
import { askedBy, FLAGS } from '@/features/ranking/model/judging'
import type { Command, Keymap } from '@/features/ranking/model/keys'
import { offered } from '@/features/ranking/model/keys'
import type { RankingSession } from '@/features/ranking/model/ranking-session'
import type { RankingState } from '@/features/ranking/model/session-types'
import type { TaskSettings } from '@/lib/types'
import { useRankingKeys } from './use-ranking-keys'
import type { ViewSettings } from './use-view-settings'

/** What stands open beside the ranking: `edit` is the text of the card at hand. */
export type Open = 'nothing' | 'skip' | 'reason' | 'edit'

const DECIDES = new Set<DraftAction['type']>(['strip', 'gap', 'answer'])

interface CommandsOptions {
  session: RankingSession
  state: RankingState
  settings: TaskSettings
  /** Null while the keys rest. */
  keymap: Keymap | null
  view: ViewSettings
  onGuidelines: () => void
  onKeys: () => void
}

/** Every command of the ranking page, by key or by button, and what it leaves open. */
export function useCommands(options: CommandsOptions) {
  const { session, state, settings, view } = options
  const [open, setOpen] = useState<Open>('nothing')
  /** Counts the submits that came too early. */
  const [nudges, setNudges] = useState(0)
  /** Counts how often a key has led to another question: the focus goes along. */
  const [moves, setMoves] = useState(0)
  const [task] = state.queue
  const asked = askedBy(settings, task?.completions.length ?? 0)
  const cursor = cursorOf(state.draft, asked)

  const submit = () => {
    const missing = session.submit()
    if (missing?.kind === 'judge') session.dispatch({ type: 'go', cursor: missing.at })
    setOpen(missing?.kind === 'rationale' ? 'reason' : 'nothing')
    setNudges(missing ? (count) => count + 1 : 0)
  }
  const step = (by: 1 | -1) => {
    setOpen('nothing')
    session.dispatch({ type: 'step', by })
  }
  const run = (command: Command) => {
    switch (command.type) {
      case 'draft':
        return session.dispatch(command.action)
      case 'focus-gap':
        return session.dispatch({ type: 'focus-gap', index: state.draft.gapFocus + command.by })
      case 'back':
        return session.dispatch({ type: 'back' })
      case 'submit':
        return submit()
      case 'undo':
        return void session.undo()
      case 'skip':
        return setOpen(task ? 'skip' : 'nothing')
      case 'all-bad':
        return session.dispatch({ type: 'toggle-all-bad' })
      case 'reason':
        return setOpen('reason')
      case 'next':
        return step(1)
      case 'previous':
        return step(-1)
      case 'flag': {
        const position = cursor?.position ?? 0
        setOpen('nothing')
        return session.dispatch(
          cursor?.question === FLAGS
            ? { type: 'look', position }
            : { type: 'go', cursor: { position, question: FLAGS } },
        )
      }
      case 'edit':
        if (!cursor) session.dispatch({ type: 'look', position: 0 })
        return setOpen('edit')
      case 'guidelines':
        return options.onGuidelines()
      case 'differences':
        return view.toggleDifferences()
      case 'together':
        return view.toggleTogether()
      case 'keys':
        return options.onKeys()
    }
  }
  /** After an answer by key, the next question is at hand; a pointer goes where it likes. */
  const runByKey = (command: Command) => {
    const before = session.snapshot().draft.cursor
    run(command)
    if (command.type === 'draft' && DECIDES.has(command.action.type)) {
      session.dispatch({ type: 'go-on' })
    }
    if (session.snapshot().draft.cursor !== before) setMoves((count) => count + 1)
  }
  const offers = offered(settings)
  const place = {
    k: asked.k,
    isOneSided: asked.isOneSided,
    isJudging: cursor !== null,
    offers,
  }
  useRankingKeys(place, options.keymap, runByKey)
  return { run, open, setOpen, nudges, moves, asked, offers }
}
