import { Link } from '@tanstack/react-router'
import { useEffect, useState } from 'react'
import type { StepName } from '@/features/rounds/model/steps'
import { isOver, stepsOf } from '@/features/rounds/model/steps'
import { duration } from '@/lib/format'
import type { Round } from '@/lib/types'
import classes from './state-line.module.css'

const WORDS = { done: 'done', now: 'now', failed: 'failed', todo: 'to come' }

/** The round as a line of steps; each leads to what is known of it, the present one is alive. */
export function StateLine({ round, shown }: { round: Round; shown: StepName }) {
  const [now, setNow] = useState(() => Date.now())
  const isRunning = !isOver(round)
  useEffect(() => {
    if (!isRunning) return
    const timer = setInterval(() => setNow(Date.now()), 1_000)
    return () => clearInterval(timer)
  }, [isRunning])
  return (
    <nav aria-label="Steps of the round">
      <ol className={classes.line}>
        {stepsOf(round, now).map((step) => (
          <li key={step.name} className={classes.step} data-status={step.status}>
            <Link
              to="/rounds/$id"
              params={{ id: round.id }}
              search={{ step: step.name }}
              aria-current={step.name === shown ? 'true' : undefined}
              className={classes.link}
            >
              <span className={classes.dot} aria-hidden />
              <span className={classes.label}>
                <span className={classes.long}>{step.label}</span>
                <span className={classes.short} aria-hidden>
                  {step.short}
                </span>
              </span>
              <span className={classes.word}>
                {step.seconds === null || step.status === 'todo'
                  ? WORDS[step.status]
                  : duration(step.seconds)}
              </span>
            </Link>
          </li>
        ))}
      </ol>
    </nav>
  )
}
