import { RelativeTime } from '@/components/relative-time'
import { STATE_LABELS } from '@/components/round-state'
import type { RoundEvent } from '@/lib/types'
import classes from './history.module.css'

/** Every move of the round: when, where to, by whom, why. */
export function History({ events }: { events: RoundEvent[] }) {
  return (
    <details className={classes.history}>
      <summary>History</summary>
      <ol className={classes.list}>
        {events.map((event, index) => (
          <li key={index}>
            <RelativeTime at={event.at} /> <strong>{STATE_LABELS[event.to_state]}</strong>
            {event.actor && ` by ${event.actor}`}
            {event.reason && `: ${event.reason}`}
          </li>
        ))}
      </ol>
    </details>
  )
}
