import { queryOptions, useQuery } from '@tanstack/react-query'
import { keptAnswer } from './kept-answer'
import type { Me } from './types'

export const sessionQuery = queryOptions({
  queryKey: ['session'],
  queryFn: () => keptAnswer<{ user: Me | null }>('/session').then((answer) => answer.user),
  staleTime: 5 * 60_000,
  networkMode: 'always',
})

/** Who is logged in; the routes behind the login make sure that somebody is. */
export function useMe(): Me {
  const { data } = useQuery(sessionQuery)
  if (!data) throw new Error('This page needs a login.')
  return data
}
