import { get, post } from '@/lib/api'
import type { Me } from '@/lib/types'

/** The first request brings the CSRF cookie that the second one needs. */
export async function logIn(who: { username: string; password: string }): Promise<Me> {
  await get('/session')
  return (await post<{ user: Me }>('/session', who)).user
}
