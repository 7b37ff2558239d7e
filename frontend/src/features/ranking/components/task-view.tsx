import type { RefObject } from 'react'
import { useEffect, useRef } from 'react'
import { Conversation } from '@/components/conversation'
import type { Open } from '@/features/ranking/hooks/use-commands'
import type { ViewSettings } from '@/features/ranking/hooks/use-view-settings'
import { useScrollTogether } from '@/features/ranking/hooks/use-scroll-together'
import { cursorOf, isJudgeable, ledQuestions } from '@/features/ranking/model/cursor'
import type { Draft } from '@/features/ranking/model/draft'
import type { Asked } from '@/features/ranking/model/judging'
import { askedBy, saidOf } from '@/features/ranking/model/judging'
import type { Command, Keymap } from '@/features/ranking/model/keys'
import type { RankingSession } from '@/features/ranking/model/ranking-session'
import type { RankingState } from '@/features/ranking/model/session-types'
import type { Completion, Task, TaskSettings } from '@/lib/types'
import type { Judging } from './card-tools'
import { CompletionCard } from './completion-card'
import { Controls } from './controls'
import { TaskSort } from './task-sort'
import classes from './task-view.module.css'
import { ViewBar } from './view-bar'

export interface TaskViewProps {
  task: Task
  state: RankingState
  session: RankingSession
  settings: TaskSettings
  keymap: Keymap
  view: ViewSettings
  open: Open
  /** Counts the submits that came too early. */
  nudges: number
  /** Counts how often a key has led to another question. */
  moves: number
  onOpen: (open: Open) => void
  onDragging: (isDragging: boolean) => void
  run: (command: Command) => void
}

/** One comparison: what was asked, the answers, and the controls, which never leave the screen. */
export function TaskView(props: TaskViewProps) {
  const { task, state, session, settings } = props
  const { draft } = state
  const k = task.completions.length
  const asked = askedBy(settings, k)
  const heading = useRef<HTMLHeadingElement>(null)
  const answers = useScrollTogether(props.view.isTogether)
  // The next comparison is new to the reader: reading starts at its prompt.
  useEffect(() => {
    heading.current?.focus({ preventScroll: true })
    // Of a conversation, at its newest turn.
    const box = heading.current?.parentElement
    const newest = box?.querySelector<HTMLElement>(':scope > ol > li:last-child:not(:first-child)')
    if (box && newest) box.scrollTop = newest.offsetTop - box.offsetTop
  }, [])
  const at = cursorOf(draft, asked)
  useFocusAlong(answers, heading, {
    moves: props.moves,
    open: props.open,
    at: at && `${at.position} ${at.question ?? ''}`,
  })
  const move = (position: number, to: number) => session.dispatch({ type: 'move', position, to })
  const isMarking = settings.difference && props.view.isMarking
  return (
    <TaskSort order={draft.order} onMove={move} onDragging={props.onDragging}>
      <section className={classes.prompt}>
        <h2 ref={heading} tabIndex={-1} className="visually-hidden">
          Prompt
        </h2>
        <Conversation messages={task.prompt} />
        <ViewBar view={props.view} hasDifferences={settings.difference} keymap={props.keymap} />
      </section>
      <section ref={answers} className={classes.answers} aria-label="Answers" data-k={k}>
        {task.completions.map((completion) => (
          <CompletionCard
            key={completion.position}
            completion={completion}
            place={placeOf(draft.order, completion.position)}
            nextPlace={draft.order.length}
            canBePlaced={k > 2 && !asked.isOneSided}
            against={isMarking ? comparedWith(task, draft, completion) : null}
            onPlace={() => session.dispatch({ type: 'place', position: completion.position })}
            onTakeOut={() => session.dispatch({ type: 'unplace', position: completion.position })}
            judging={isJudgeable(asked) ? judgingOf(completion.position, asked, props) : null}
          />
        ))}
      </section>
      <Controls {...props} asked={asked} onMove={move} />
    </TaskSort>
  )
}

interface Seen {
  moves: number
  open: Open
  at: string | null
}

/**
 * Where the keys lead, there the focus is; back at the ranking it leaves the card. It goes along too where
 * what had it is gone: an editor that was closed, a card's foot that opened.
 */
function useFocusAlong(
  answers: RefObject<HTMLElement | null>,
  heading: RefObject<HTMLElement | null>,
  { moves, open, at }: Seen,
) {
  const seen = useRef<Seen>({ moves, open, at })
  useEffect(() => {
    const before = seen.current
    seen.current = { moves, open, at }
    const isLost = document.activeElement === document.body
    const isGone = isLost && (before.at !== at || before.open !== open)
    if ((before.moves === moves && !isGone) || open === 'edit') return
    const row = answers.current?.querySelector('[data-question][data-current]')
    const stop = row?.querySelector<HTMLElement>('button[tabindex="0"], button:not([role])')
    if (stop) stop.focus()
    else if (isLost || document.activeElement?.closest('article')) {
      heading.current?.focus({ preventScroll: true })
    }
  }, [answers, heading, moves, open, at])
}

/** Of two answers the other one; of more the best so far, which itself is compared with nothing. */
function comparedWith(task: Task, draft: Draft, completion: Completion): Completion | null {
  const { completions } = task
  const base = completions.length === 2 ? 1 - completion.position : (draft.order[0] ?? 0)
  return completions.find((other) => other.position === base && other !== completion) ?? null
}

function placeOf(order: number[], position: number): number | null {
  const place = order.indexOf(position)
  return place === -1 ? null : place
}

/** Two cards have room for their controls, and so has one question; else only the card at hand shows them. */
function judgingOf(position: number, asked: Asked, props: TaskViewProps): Judging {
  const { session, state, keymap, onOpen } = props
  const at = cursorOf(state.draft, asked)
  const cursor = at?.position === position ? at : null
  return {
    asked,
    said: saidOf(state.draft.said, position),
    cursor,
    isOpen: cursor !== null || asked.k === 2 || ledQuestions(asked).length === 1,
    isEditing: cursor !== null && props.open === 'edit',
    keymap,
    onDraft: (action) => session.dispatch(action),
    onEdit: (isOpen) => {
      if (!cursor) session.dispatch({ type: 'look', position })
      onOpen(isOpen ? 'edit' : 'nothing')
    },
  }
}
