import { Textarea } from '@mantine/core'
import { useEffect, useRef, useState } from 'react'
import { Conversation } from '@/components/conversation'
import type { Open } from '@/features/ranking/hooks/use-commands'
import type { ViewSettings } from '@/features/ranking/hooks/use-view-settings'
import { useScrollTogether } from '@/features/ranking/hooks/use-scroll-together'
import type { Command, Keymap } from '@/features/ranking/model/keys'
import type { Draft } from '@/features/ranking/model/draft'
import { askedNow } from '@/features/ranking/model/draft'
import { askedBy } from '@/features/ranking/model/judging'
import type { RankingSession } from '@/features/ranking/model/ranking-session'
import type { RankingState } from '@/features/ranking/model/session-types'
import { changedWords, question, rankingSentence, wantedKeys } from '@/features/ranking/model/words'
import type { Completion, Task, TaskSettings } from '@/lib/types'
import { ActionBar } from './action-bar'
import { CompletionCard } from './completion-card'
import { NextAnswer } from './next-answer'
import { OrderRail } from './order-rail'
import { PairStrip } from './pair-strip'
import { SkipForm } from './skip-form'
import { TaskSort } from './task-sort'
import classes from './task-view.module.css'
import { ViewBar } from './view-bar'

interface TaskViewProps {
  task: Task
  state: RankingState
  session: RankingSession
  settings: TaskSettings
  keymap: Keymap
  view: ViewSettings
  open: Open
  /** Counts the submits that came too early. */
  nudges: number
  onOpen: (open: Open) => void
  onDragging: (isDragging: boolean) => void
  run: (command: Command) => void
}

/** One comparison: what was asked, the answers, and the controls, which never leave the screen. */
export function TaskView(props: TaskViewProps) {
  const { task, state, session } = props
  const { draft } = state
  const k = task.completions.length
  const heading = useRef<HTMLHeadingElement>(null)
  const answers = useScrollTogether(props.view.isTogether)
  // The next comparison is new to the reader: reading starts at its prompt.
  useEffect(() => heading.current?.focus({ preventScroll: true }), [])
  const move = (position: number, to: number) => session.dispatch({ type: 'move', position, to })
  return (
    <TaskSort order={draft.order} onMove={move} onDragging={props.onDragging}>
      <section className={classes.prompt}>
        <h2 ref={heading} tabIndex={-1} className="visually-hidden">
          Prompt
        </h2>
        <Conversation messages={task.prompt} />
        <ViewBar view={props.view} keymap={props.keymap} />
      </section>
      <section ref={answers} className={classes.answers} aria-label="Answers" data-k={k}>
        {task.completions.map((completion) => (
          <CompletionCard
            key={completion.position}
            completion={completion}
            place={placeOf(draft.order, completion.position)}
            nextPlace={draft.order.length}
            canBePlaced={k > 2}
            against={props.view.isMarking ? comparedWith(task, draft, completion) : null}
            onPlace={() => session.dispatch({ type: 'place', position: completion.position })}
            onTakeOut={() => session.dispatch({ type: 'unplace', position: completion.position })}
          />
        ))}
      </section>
      <Controls {...props} onMove={move} />
    </TaskSort>
  )
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

function Controls(props: TaskViewProps & { onMove: (position: number, to: number) => void }) {
  const { task, state, session, settings, open, run } = props
  const { draft } = state
  const k = task.completions.length
  const isReasonOpen = settings.rationale === 'required' || open === 'reason'
  return (
    <section className={classes.controls} aria-label="Your ranking">
      <div className={classes.ranking} data-skipping={open === 'skip' || undefined}>
        {k === 2 ? (
          <PairStrip
            draft={draft}
            onStrip={(choice) => session.dispatch({ type: 'strip', choice })}
            onLean={(position) => session.dispatch({ type: 'lean', position })}
          />
        ) : (
          <>
            <OrderRail
              draft={draft}
              k={k}
              onMove={props.onMove}
              onFocusGap={(index) => session.dispatch({ type: 'focus-gap', index })}
            />
            <NextAnswer
              draft={draft}
              k={k}
              onPlace={(position) => session.dispatch({ type: 'place', position })}
              onGap={(gap) => session.dispatch({ type: 'gap', gap })}
            />
          </>
        )}
      </div>
      {isReasonOpen && (
        <Textarea
          label={settings.rationale === 'required' ? 'Your reason (needed)' : 'Your reason'}
          description="Ctrl + Enter submits, Esc goes back to the keys."
          autosize
          minRows={1}
          maxRows={4}
          value={draft.rationale}
          ref={(area) => {
            if (area && open === 'reason' && document.activeElement !== area) area.focus()
          }}
          onChange={(event) =>
            session.dispatch({ type: 'rationale', text: event.currentTarget.value })
          }
          onKeyDown={(event) => {
            if (event.key !== 'Escape') return
            event.currentTarget.blur()
            props.onOpen('nothing')
          }}
        />
      )}
      {open === 'skip' ? (
        <SkipForm
          onSkip={(reason) => {
            props.onOpen('nothing')
            session.skip(reason)
          }}
          onClose={() => props.onOpen('nothing')}
        />
      ) : (
        <ActionBar
          settings={settings}
          keymap={props.keymap}
          outbox={state.outbox}
          allBad={draft.allBad}
          hasReason={draft.rationale.trim() !== ''}
          isReady={session.step()?.kind === 'submit'}
          canUndo={state.canUndo}
          isUndoing={state.isUndoing}
          onAllBad={() => run({ type: 'all-bad' })}
          onReason={() => run({ type: 'reason' })}
          onUndo={() => run({ type: 'undo' })}
          onSkip={() => run({ type: 'skip' })}
          onSubmit={() => run({ type: 'submit' })}
        />
      )}
      <Spoken {...props} />
    </section>
  )
}

/** What a screen reader hears after each key: what now stands, and what is wanted next. */
function Spoken({ task, state, settings, nudges }: TaskViewProps) {
  const asked = askedBy(settings, task.completions.length)
  const step = askedNow(state.draft, asked)
  const [heard, setHeard] = useState({ said: state.draft.said, words: '' })
  if (heard.said !== state.draft.said) {
    const words = changedWords(heard.said, state.draft.said, asked)
    setHeard({ said: state.draft.said, words })
  }
  return (
    <p className="visually-hidden" aria-live="polite" data-nudges={nudges}>
      {nudges > 0 && step.kind !== 'submit' && 'Not yet. '}
      {heard.words} {rankingSentence(state.draft.order, state.draft.gaps)}.{' '}
      {question(step, state.draft, asked)} Keys: {wantedKeys(step, state.draft, asked)}.
    </p>
  )
}
