import { Button, NativeSelect, Switch, Table, TextInput } from '@mantine/core'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { ProblemNotice } from '@/components/notice'
import { OneTimePassword } from '@/components/one-time-password'
import { TableBox } from '@/components/table-box'
import { changeUser, createUser, usersQuery } from '@/features/people/api/users'
import { useMe } from '@/lib/session'
import type { Role, UserAccount } from '@/lib/types'
import classes from './people-page.module.css'

const ROLES: { value: Role; label: string }[] = [
  { value: 'annotator', label: 'Annotator: ranks' },
  { value: 'researcher', label: 'Researcher: runs campaigns and rounds' },
  { value: 'admin', label: 'Admin: everything, people included' },
]

/** Every account of this server; admins make them and switch them off. */
export function PeoplePage() {
  const users = useQuery(usersQuery)
  return (
    <div className={classes.page}>
      <title>People · Plumbline</title>
      <h1>People</h1>
      <NewAccount />
      {users.error && <ProblemNotice problem={users.error} />}
      {users.data && <Accounts users={users.data} />}
    </div>
  )
}

function useUsersMutation<T, R>(act: (value: T) => Promise<R>) {
  const queries = useQueryClient()
  return useMutation({
    mutationFn: act,
    onSuccess: () => queries.invalidateQueries({ queryKey: usersQuery.queryKey }),
  })
}

function NewAccount() {
  const create = useUsersMutation(createUser)
  return (
    <form
      className={classes.panel}
      onSubmit={(event) => {
        event.preventDefault()
        const element = event.currentTarget
        const form = new FormData(element)
        const user = {
          username: String(form.get('username')).trim(),
          role: form.get('role') as Role,
        }
        create.mutate(user, { onSuccess: () => element.reset() })
      }}
    >
      <div className={classes.row}>
        <TextInput
          className={classes.grow}
          name="username"
          label="New account"
          placeholder="User name"
          autoComplete="off"
          required
          withAsterisk={false}
        />
        <NativeSelect name="role" label="Role" data={ROLES} />
        <Button type="submit" loading={create.isPending}>
          Create account
        </Button>
      </div>
      {create.error && <ProblemNotice problem={create.error} />}
      {create.data?.password && (
        <OneTimePassword username={create.data.username} password={create.data.password} />
      )}
    </form>
  )
}

function Accounts({ users }: { users: UserAccount[] }) {
  const me = useMe()
  const change = useUsersMutation(changeUser)
  return (
    <>
      {change.error && <ProblemNotice problem={change.error} />}
      <TableBox label="Accounts" minWidth={520}>
        <Table horizontalSpacing="md" verticalSpacing="xs">
          <Table.Thead>
            <Table.Tr>
              <Table.Th>Name</Table.Th>
              <Table.Th>Role</Table.Th>
              <Table.Th>May log in</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {users.map((user) => (
              <Table.Tr key={user.id}>
                <Table.Td>
                  {user.username}
                  {user.id === me.id && ' (you)'}
                </Table.Td>
                <Table.Td>
                  <NativeSelect
                    aria-label={`Role of ${user.username}`}
                    value={user.role}
                    data={ROLES}
                    onChange={(event) =>
                      change.mutate({ id: user.id, role: event.currentTarget.value as Role })
                    }
                  />
                </Table.Td>
                <Table.Td>
                  <Switch
                    aria-label={`${user.username} may log in`}
                    checked={user.is_active}
                    onChange={(event) =>
                      change.mutate({ id: user.id, is_active: event.currentTarget.checked })
                    }
                  />
                </Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </TableBox>
    </>
  )
}
