import { useQuery, useQueryClient, useSuspenseQuery } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import { roundQuery, runMetricsQuery, samplesQuery } from '@/features/rounds/api/rounds'
import { applyToRound, withMetric, withSamples } from '@/features/rounds/model/live-round'
import type { LinkState } from '@/features/rounds/model/live-socket'
import { LiveSocket } from '@/features/rounds/model/live-socket'
import type { LiveMessage } from '@/lib/types'

const POLL_WITHOUT_LINE_MS = 5_000

/** A round that stays true while it is looked at, by its websocket, or by asking while that is down. */
export function useLiveRound(id: number) {
  const queries = useQueryClient()
  const { data: round } = useSuspenseQuery(roundQuery(id))
  const [link, setLink] = useState<LinkState>('connecting')
  useQuery({ ...roundQuery(id), refetchInterval: link === 'live' ? false : POLL_WITHOUT_LINE_MS })

  useEffect(() => {
    const take = (message: LiveMessage) => {
      queries.setQueryData(roundQuery(id).queryKey, (old) => old && applyToRound(old, message))
      if (message.kind === 'metric') {
        const { run_id: run, step, values } = message.payload
        queries.setQueryData(runMetricsQuery(run).queryKey, (old) =>
          old ? withMetric(old, { step, values, at: message.at }) : old,
        )
      } else if (message.kind === 'samples') {
        queries.setQueryData(samplesQuery(id).queryKey, (old) =>
          withSamples(old ?? [], message.payload.completions),
        )
        // The message brings a taste; the list of the newest is asked for.
        void queries.invalidateQueries({ queryKey: samplesQuery(id).queryKey })
      } else if (message.kind === 'state') {
        // A move brings what no message carries: the challenger, the evaluation.
        void queries.invalidateQueries({ queryKey: roundQuery(id).queryKey, exact: true })
      } else if (message.kind === 'reload') {
        void queries.invalidateQueries()
      }
    }
    const after = queries.getQueryData(roundQuery(id).queryKey)?.last_seq ?? 0
    const socket = new LiveSocket({ round: id, after, onMessage: take, onLink: setLink })
    const hurry = () => socket.hurry()
    window.addEventListener('online', hurry)
    return () => {
      window.removeEventListener('online', hurry)
      socket.close()
    }
  }, [id, queries])

  return { round, link }
}
