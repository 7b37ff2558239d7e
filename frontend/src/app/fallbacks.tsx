import { Button } from '@mantine/core'
import type { ErrorComponentProps } from '@tanstack/react-router'
import { Link, useRouter } from '@tanstack/react-router'
import { useEffect, useEffectEvent } from 'react'
import { Empty, ProblemNotice } from '@/components/notice'
import { OfflineError } from '@/lib/api'

export function PageProblem({ error, reset }: ErrorComponentProps) {
  const router = useRouter()
  const again = () => {
    reset()
    void router.invalidate()
  }
  const goOn = useEffectEvent(() => error instanceof OfflineError && again())
  useEffect(() => {
    const onLine = () => goOn()
    window.addEventListener('online', onLine)
    return () => window.removeEventListener('online', onLine)
  }, [])
  return (
    <ProblemNotice problem={error}>
      <Button size="xs" variant="default" onClick={again}>
        Try again
      </Button>
    </ProblemNotice>
  )
}

export function NotFound() {
  return (
    <Empty title="There is nothing at this address">
      <p>
        The link may be old. <Link to="/">Go to the campaigns</Link>.
      </p>
    </Empty>
  )
}
