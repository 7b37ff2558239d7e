import { queryOptions } from '@tanstack/react-query'
import { get, patch, post } from '@/lib/api'
import type { NewUser, Role, UserAccount } from '@/lib/types'

export const usersQuery = queryOptions({
  queryKey: ['users'],
  queryFn: () => get<UserAccount[]>('/users'),
})

export const createUser = (user: { username: string; role: Role }) => post<NewUser>('/users', user)

export const changeUser = (change: { id: number; role?: Role; is_active?: boolean }) =>
  patch<UserAccount>(`/users/${change.id}`, { role: change.role, is_active: change.is_active })
