import { Button } from '@mantine/core'
import { useState } from 'react'
import { ProblemNotice } from '@/components/notice'
import type { RoundAction } from '@/features/rounds/api/rounds'
import { useRoundAction } from '@/features/rounds/hooks/use-round-action'
import classes from './confirmed-action.module.css'

interface ConfirmedActionProps {
  round: number
  action: RoundAction
  label: string
  question: string
  confirm: string
}

/** A step that cannot be taken back: it asks once, in place, naming what it will do. */
export function ConfirmedAction({ round, action, label, question, confirm }: ConfirmedActionProps) {
  const [isAsking, setAsking] = useState(false)
  const act = useRoundAction(round)
  if (!isAsking) {
    return (
      <Button variant="default" onClick={() => setAsking(true)}>
        {label}
      </Button>
    )
  }
  return (
    <div className={classes.ask} role="group" aria-label={question}>
      <span>{question}</span>
      <Button
        size="sm"
        color="red.8"
        loading={act.isPending}
        onClick={() => act.mutate({ action }, { onSuccess: () => setAsking(false) })}
      >
        {confirm}
      </Button>
      <Button size="sm" variant="default" data-autofocus onClick={() => setAsking(false)}>
        No
      </Button>
      {act.error && <ProblemNotice problem={act.error} />}
    </div>
  )
}
