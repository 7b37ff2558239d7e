import { useEffect, useRef } from 'react'
import { ApiError } from './api'
import { faultAt } from './fault-at'

/**
 * A refusal is told where it belongs: the field says what is wrong, and has the focus.
 *
 * `fields` matches the refusals that one of the form's fields shows; the others are for a notice.
 */
export function useFaults(problem: unknown, fields: RegExp) {
  const form = useRef<HTMLFormElement>(null)
  useEffect(() => {
    if (problem) form.current?.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus()
  }, [problem])
  return {
    form,
    faultOf: (path: string) => faultAt(problem, path),
    isAtField: problem instanceof ApiError && fields.test(problem.message),
  }
}
