import { ApiError } from './api'

/**
 * The sentence of a refusal that is about this setting, or null.
 *
 * The API names a wrong setting first, "task.attributes[1].levels must be ...", and a wrong field of the body
 * under `errors`.
 */
export function faultAt(problem: unknown, path: string): string | null {
  if (!(problem instanceof ApiError)) return null
  const field = problem.errors[path]
  if (Array.isArray(field) && typeof field[0] === 'string') return field[0]
  if (!problem.message.startsWith(`${path} `)) return null
  const said = problem.message.slice(path.length + 1)
  return said.charAt(0).toUpperCase() + said.slice(1)
}
