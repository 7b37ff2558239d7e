import { useQuery } from '@tanstack/react-query'
import { Markdown } from '@/components/markdown'
import { samplesQuery } from '@/features/rounds/api/rounds'
import { keyOf } from '@/features/rounds/model/live-round'
import { figure } from '@/lib/format'
import classes from './samples-panel.module.css'

/** The newest answers, as they are drawn. */
export function SamplesPanel({ round, hasSome }: { round: number; hasSome: boolean }) {
  const { data } = useQuery({ ...samplesQuery(round), enabled: hasSome })
  if (!data || data.length === 0) return null
  return (
    <section className={classes.panel} aria-label="Newest answers">
      <h2>Newest answers</h2>
      <ul className={classes.list}>
        {data.map((sample) => (
          <li key={keyOf(sample)} className={classes.sample}>
            <p className={classes.prompt}>{sample.prompt}</p>
            <Markdown text={sample.text} />
            <p className={classes.facts}>
              temperature {figure(sample.temperature)}
              {sample.finish === 'length' && ', cut at the longest length'}
            </p>
          </li>
        ))}
      </ul>
    </section>
  )
}
