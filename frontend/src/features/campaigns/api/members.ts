import { queryOptions } from '@tanstack/react-query'
import { get, post, remove } from '@/lib/api'
import type { Member, NewUser, UserAccount } from '@/lib/types'

export const membersQuery = (campaign: number) =>
  queryOptions({
    queryKey: ['campaign', campaign, 'members'],
    queryFn: () => get<Member[]>(`/campaigns/${campaign}/members`),
  })

export const usersQuery = queryOptions({
  queryKey: ['users'],
  queryFn: () => get<UserAccount[]>('/users'),
})

export const addMember = (campaign: number, username: string) =>
  post<Member>(`/campaigns/${campaign}/members`, { username })

export const removeMember = (campaign: number, user: number) =>
  remove(`/campaigns/${campaign}/members/${user}`)

/** A new account that is a member at once. */
export async function createAnnotator(campaign: number, username: string): Promise<NewUser> {
  const user = await post<NewUser>('/users', { username, role: 'annotator' })
  await addMember(campaign, user.username)
  return user
}
