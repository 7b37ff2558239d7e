import { get, post } from '@/lib/api'
import { dropKeptAnswers, keepAnswer } from '@/lib/kept-answer'
import type { Me } from '@/lib/types'

/** The first request brings the CSRF cookie that the second one needs. */
export async function logIn(who: { username: string; password: string }): Promise<Me> {
  await get('/session')
  const answer = await post<{ user: Me }>('/session', who)
  dropKeptAnswers()
  keepAnswer('/session', answer)
  return answer.user
}
