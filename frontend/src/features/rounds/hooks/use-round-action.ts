import { useMutation, useQueryClient } from '@tanstack/react-query'
import type { ActionBody, RoundAction } from '@/features/rounds/api/rounds'
import { actOnRound, roundQuery } from '@/features/rounds/api/rounds'

/** Something a person does to a round; the page shows the answer at once. */
export function useRoundAction(round: number) {
  const queries = useQueryClient()
  return useMutation({
    mutationFn: ({ action, ...body }: { action: RoundAction } & ActionBody) =>
      actOnRound(round, action, body),
    onSuccess: (changed) => {
      queries.setQueryData(roundQuery(round).queryKey, changed)
      void queries.invalidateQueries({ queryKey: ['campaigns'] })
      void queries.invalidateQueries({ queryKey: ['campaign', changed.campaign.id] })
    },
    onError: () => queries.invalidateQueries({ queryKey: roundQuery(round).queryKey, exact: true }),
  })
}
