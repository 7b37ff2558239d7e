import { Textarea } from '@mantine/core'
import { cursorOf } from '@/features/ranking/model/cursor'
import { nextStep } from '@/features/ranking/model/draft'
import type { Asked } from '@/features/ranking/model/judging'
import { clearOfFoot } from '@/lib/clear-of-foot'
import { ActionBar } from './action-bar'
import { NextAnswer } from './next-answer'
import { OrderRail } from './order-rail'
import { PairStrip } from './pair-strip'
import { SkipForm } from './skip-form'
import { Spoken } from './spoken'
import classes from './task-view.module.css'
import type { TaskViewProps } from './task-view'

interface ControlsProps extends TaskViewProps {
  asked: Asked
  onMove: (position: number, to: number) => void
}

/** The ranking, what is asked now, the reason, and the actions. */
export function Controls(props: ControlsProps) {
  const { task, state, session, settings, asked, open, run } = props
  const { draft } = state
  const step = nextStep(draft, asked)
  // A reason that is needed is asked for when its turn comes, and stays once it is begun.
  const isReasonNeeded = settings.rationale === 'required'
  const isReasonBegun = isReasonNeeded && draft.rationale !== ''
  const isReasonOpen = open === 'reason' || step.kind === 'rationale' || isReasonBegun
  return (
    <section
      ref={clearOfFoot}
      className={classes.controls}
      aria-label={asked.isOneSided ? 'Your judgement' : 'Your ranking'}
    >
      {!asked.isOneSided && (
        <div className={classes.ranking} data-skipping={open === 'skip' || undefined}>
          <Ranking {...props} />
        </div>
      )}
      {isReasonOpen && (
        <Textarea
          classNames={{ root: classes.reason }}
          label={isReasonNeeded ? 'Your reason (needed)' : 'Your reason'}
          placeholder="Ctrl + Enter submits, Esc goes back to the keys."
          autosize
          minRows={1}
          maxRows={4}
          maxLength={10_000}
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
          isOffline={state.isOffline}
          allBad={draft.allBad}
          hasReason={draft.rationale.trim() !== ''}
          isReady={step.kind === 'submit'}
          canUndo={state.canUndo}
          isUndoing={state.isUndoing}
          onAllBad={() => run({ type: 'all-bad' })}
          onReason={() => run({ type: 'reason' })}
          onUndo={() => run({ type: 'undo' })}
          onSkip={() => run({ type: 'skip' })}
          onSubmit={() => run({ type: 'submit' })}
        />
      )}
      <Spoken key={task.uid} draft={draft} asked={asked} nudges={props.nudges} />
    </section>
  )
}

/** The ranking itself. Its keys rest while they belong to a question about one card. */
function Ranking({ state, session, asked, onMove }: ControlsProps) {
  const { draft } = state
  const hasKeys = cursorOf(draft, asked) === null
  if (asked.k === 2) {
    return (
      <PairStrip
        draft={draft}
        hasKeys={hasKeys}
        onStrip={(choice) => session.dispatch({ type: 'strip', choice })}
        onLean={(position) => session.dispatch({ type: 'lean', position })}
      />
    )
  }
  return (
    <>
      <OrderRail
        draft={draft}
        k={asked.k}
        hasKeys={hasKeys}
        onMove={onMove}
        onFocusGap={(index) => session.dispatch({ type: 'focus-gap', index })}
      />
      <NextAnswer
        draft={draft}
        k={asked.k}
        hasKeys={hasKeys}
        onPlace={(position) => session.dispatch({ type: 'place', position })}
        onGap={(gap) => session.dispatch({ type: 'gap', gap })}
      />
    </>
  )
}
