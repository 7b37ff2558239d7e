import { MutationCache, QueryCache, QueryClient } from '@tanstack/react-query'
import { ApiError } from '@/lib/api'
import { dropKeptAnswers } from '@/lib/kept-answer'
import { sessionQuery } from '@/lib/session'

/** A login that ran out is noticed wherever it shows first; the router then asks for a new one. */
function onProblem(problem: unknown) {
  if (problem instanceof ApiError && problem.status === 401) {
    queries.setQueryData(sessionQuery.queryKey, null)
    dropKeptAnswers()
  }
}

export const queries: QueryClient = new QueryClient({
  queryCache: new QueryCache({ onError: onProblem }),
  mutationCache: new MutationCache({ onError: onProblem }),
  defaultOptions: {
    queries: {
      staleTime: 5_000,
      retry: (failures, problem) => !(problem instanceof ApiError) && failures < 3,
    },
  },
})
