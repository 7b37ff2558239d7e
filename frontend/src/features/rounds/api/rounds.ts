import type { QueryClient } from '@tanstack/react-query'
import { queryOptions } from '@tanstack/react-query'
import { withSamples } from '@/features/rounds/model/live-round'
import { get, post } from '@/lib/api'
import type { EvaluationReport, MetricPoint, Recipe, Round, Sample } from '@/lib/types'

export const roundsQuery = (campaign: number) =>
  queryOptions({
    queryKey: ['campaign', campaign, 'rounds'],
    queryFn: () => get<Round[]>(`/campaigns/${campaign}/rounds`),
  })

/** A round. An answer that is older than what the websocket has told since is asked for again. */
export const roundQuery = (id: number) =>
  queryOptions({
    queryKey: ['round', id],
    queryFn: async ({ client }: { client: QueryClient }) => {
      for (let tries = 0; ; tries++) {
        const fetched = await get<Round>(`/rounds/${id}`)
        const known = client.getQueryData<Round>(['round', id])
        if (!known || fetched.last_seq >= known.last_seq || tries === 3) return fetched
      }
    },
  })

export const runMetricsQuery = (run: number) =>
  queryOptions({
    queryKey: ['run', run, 'metrics'],
    queryFn: () => get<MetricPoint[]>(`/runs/${run}/metrics`),
    staleTime: Infinity,
  })

export const runLogQuery = (run: number) =>
  queryOptions({ queryKey: ['run', run, 'log'], queryFn: () => get<string>(`/runs/${run}/log`) })

export const samplesQuery = (round: number) =>
  queryOptions({
    queryKey: ['round', round, 'samples'],
    queryFn: () =>
      get<Sample[]>(`/rounds/${round}/samples?limit=20`).then((fresh) => withSamples([], fresh)),
    staleTime: Infinity,
  })

export const evaluationQuery = (round: number) =>
  queryOptions({
    queryKey: ['round', round, 'evaluation'],
    queryFn: () => get<EvaluationReport>(`/rounds/${round}/evaluation`),
  })

export const launchRound = (campaign: number, recipe: Recipe) =>
  post<Round>(`/campaigns/${campaign}/rounds`, recipe)

export type RoundAction = 'cancel' | 'retry' | 'finish-collecting' | 'promote' | 'reject'

/** What is said with an action: why, or what the stages of a round that is retried are told. */
export interface ActionBody {
  reason?: string
  params?: Recipe['params']
}

export const actOnRound = (id: number, action: RoundAction, body: ActionBody = {}) =>
  post<Round>(`/rounds/${id}/${action}`, body)
