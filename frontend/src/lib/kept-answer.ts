import { get, OfflineError } from './api'

const PREFIX = 'plumbline.kept.'

/**
 * The server's answer; without a connection the last one that this browser has had. For the few that a page
 * needs to begin, so that a reload without a connection goes on where one was.
 */
export async function keptAnswer<T>(path: string): Promise<T> {
  try {
    const answer = await get<T>(path)
    keepAnswer(path, answer)
    return answer
  } catch (problem) {
    const kept = problem instanceof OfflineError ? localStorage.getItem(PREFIX + path) : null
    if (kept === null) throw problem
    return JSON.parse(kept) as T
  }
}

/** Whoever logs out leaves nothing of it to the next one. */
export function dropKeptAnswers(): void {
  const keys = Array.from({ length: localStorage.length }, (_, at) => localStorage.key(at) ?? '')
  for (const key of keys) if (key.startsWith(PREFIX)) localStorage.removeItem(key)
}

export function keepAnswer(path: string, answer: unknown): void {
  try {
    localStorage.setItem(PREFIX + path, JSON.stringify(answer))
  } catch {
    // No room, or none allowed: then a reload without a connection finds nothing.
  }
}
