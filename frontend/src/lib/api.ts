import type { ImportReport } from './types'

export interface ImportProblem {
  line: number
  reason: string
}

/** The server answered, and said no; `message` is its one sentence for a person. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    message: string,
    readonly problems: ImportProblem[] = [],
    readonly errors: Record<string, unknown> = {},
  ) {
    super(message)
    this.name = 'ApiError'
  }
}

/** No answer came: the connection is down, or the server is. */
export class OfflineError extends Error {
  constructor() {
    super('The server cannot be reached. Check the connection; this page goes on by itself.')
    this.name = 'OfflineError'
  }
}

const TIMEOUT_MS = 30_000
/** What a page that is being closed may still send on its way. */
const MOST_KEPT_ALIVE = 60_000

function csrfToken(): string {
  return /(?:^|;\s*)csrftoken=([^;]+)/.exec(document.cookie)?.[1] ?? ''
}

async function answerOf(response: Response): Promise<unknown> {
  const text = await response.text()
  if (!response.headers.get('content-type')?.includes('json')) return text
  return text === '' ? undefined : JSON.parse(text)
}

function refusal(status: number, answer: unknown): ApiError {
  const said =
    typeof answer === 'object' && answer !== null ? (answer as Record<string, unknown>) : {}
  const detail =
    typeof said.detail === 'string' ? said.detail : `The server answered with error ${status}.`
  return new ApiError(
    status,
    detail,
    Array.isArray(said.problems) ? (said.problems as ImportProblem[]) : [],
    typeof said.errors === 'object' && said.errors !== null
      ? (said.errors as Record<string, unknown>)
      : {},
  )
}

/** One request to the API. Throws {@link ApiError} when refused and {@link OfflineError} when unanswered. */
export async function request<T>(method: string, path: string, body?: unknown): Promise<T> {
  const headers: Record<string, string> = { Accept: 'application/json' }
  if (method !== 'GET') headers['X-CSRFToken'] = csrfToken()
  const isForm = body instanceof FormData
  const text = body === undefined || isForm ? undefined : JSON.stringify(body)
  if (text !== undefined) headers['Content-Type'] = 'application/json'
  let response: Response
  let answer: unknown
  try {
    response = await fetch(`/api${path}`, {
      method,
      headers,
      body: isForm ? body : text,
      credentials: 'same-origin',
      keepalive: method === 'PUT' && (text?.length ?? 0) < MOST_KEPT_ALIVE,
      signal: isForm ? undefined : AbortSignal.timeout(TIMEOUT_MS),
    })
    answer = await answerOf(response)
  } catch {
    throw new OfflineError()
  }
  if (!response.ok) throw refusal(response.status, answer)
  return answer as T
}

export const get = <T>(path: string) => request<T>('GET', path)
export const post = <T>(path: string, body: unknown = {}) => request<T>('POST', path, body)
export const put = <T>(path: string, body: unknown) => request<T>('PUT', path, body)
export const patch = <T>(path: string, body: unknown) => request<T>('PATCH', path, body)
export const remove = (path: string) => request<undefined>('DELETE', path)

export function upload(path: string, file: File, fields: Record<string, string>) {
  const form = new FormData()
  for (const [name, value] of Object.entries(fields)) form.set(name, value)
  form.set('file', file)
  return request<ImportReport>('POST', path, form)
}

/** The sentence to show for anything that was thrown. */
export function sentenceOf(problem: unknown): string {
  return problem instanceof Error ? problem.message : 'Something went wrong. Try again.'
}
