import { Alert, Button } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { ProblemNotice } from '@/components/notice'
import { ParamsField } from '@/components/recipe-fields'
import { ScrollBox } from '@/components/scroll-box'
import { runLogQuery } from '@/features/rounds/api/rounds'
import { useRoundAction } from '@/features/rounds/hooks/use-round-action'
import { isStepName, lastRunOf } from '@/features/rounds/model/steps'
import type { Recipe, Round } from '@/lib/types'
import classes from './failure-panel.module.css'

const LAST_LINES = 12

/** What went wrong, the end of what the process said, and the way on. */
export function FailurePanel({ round }: { round: Round }) {
  const act = useRoundAction(round.id)
  /** Null while nothing was changed: the round keeps its own. */
  const [params, setParams] = useState<Recipe['params'] | null>(null)
  const run = isStepName(round.failed_in) ? lastRunOf(round, round.failed_in) : undefined
  return (
    <Alert role="alert" color="red" title={round.failure || 'The round failed.'}>
      {run && <LogEnd run={run.id} />}
      <div className={classes.actions}>
        <Button
          loading={act.isPending}
          onClick={() => act.mutate({ action: 'retry', ...(params && { params }) })}
        >
          Retry
        </Button>
        <span>It goes on where it failed; everything that was ranked is kept.</span>
      </div>
      <details className={classes.params}>
        <summary>Change the hyper-parameters first</summary>
        <ParamsField params={round.recipe.params} onChange={setParams} />
      </details>
      {act.error && <ProblemNotice problem={act.error} />}
    </Alert>
  )
}

function LogEnd({ run }: { run: number }) {
  const { data } = useQuery(runLogQuery(run))
  const lines = (data ?? '').trimEnd().split('\n').slice(-LAST_LINES).join('\n')
  if (lines === '') return null
  return (
    <ScrollBox className={classes.log} label="End of the log">
      {lines}
    </ScrollBox>
  )
}
