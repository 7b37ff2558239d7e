import { Alert } from '@mantine/core'
import type { ReactNode } from 'react'
import { sentenceOf } from '@/lib/api'

/** What went wrong and how to go on, in the place where it happened. */
export function ProblemNotice({ problem, children }: { problem: unknown; children?: ReactNode }) {
  return (
    <Alert role="alert" color="red" variant="light" title={sentenceOf(problem)}>
      {children}
    </Alert>
  )
}

/** An empty place that says what to do next. */
export function Empty({ title, children }: { title: string; children: ReactNode }) {
  return (
    <div className="empty">
      <h2>{title}</h2>
      <div>{children}</div>
    </div>
  )
}
