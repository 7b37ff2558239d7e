import { Autocomplete, Button, Table, TextInput } from '@mantine/core'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { Empty, ProblemNotice } from '@/components/notice'
import { OneTimePassword } from '@/components/one-time-password'
import { RelativeTime } from '@/components/relative-time'
import { TableBox } from '@/components/table-box'
import {
  addMember,
  createAnnotator,
  membersQuery,
  removeMember,
  usersQuery,
} from '@/features/campaigns/api/members'
import { campaignQuery } from '@/lib/campaign-query'
import { useMe } from '@/lib/session'
import type { Member } from '@/lib/types'
import classes from './form.module.css'

/** Who ranks in this campaign. */
export function MembersTab({ campaign }: { campaign: number }) {
  const me = useMe()
  const members = useQuery(membersQuery(campaign))
  return (
    <div className={classes.stack}>
      <div className={classes.panel}>
        <AddMember campaign={campaign} members={members.data ?? []} />
        {me.role === 'admin' && <CreateAnnotator campaign={campaign} />}
      </div>
      {members.error && <ProblemNotice problem={members.error} />}
      {members.data?.length === 0 && (
        <Empty title="Nobody ranks here yet">
          <p>Add somebody above; they find the campaign on their first page.</p>
        </Empty>
      )}
      {members.data && members.data.length > 0 && (
        <MemberTable campaign={campaign} members={members.data} />
      )}
    </div>
  )
}

function useMemberMutation<T, R>(campaign: number, act: (value: T) => Promise<R>) {
  const queries = useQueryClient()
  return useMutation({
    mutationFn: act,
    onSuccess: () => queries.invalidateQueries({ queryKey: campaignQuery(campaign).queryKey }),
  })
}

function AddMember({ campaign, members }: { campaign: number; members: Member[] }) {
  const [name, setName] = useState('')
  const users = useQuery(usersQuery)
  const add = useMemberMutation(campaign, (username: string) => addMember(campaign, username))
  const isMember = new Set(members.map((member) => member.username))
  return (
    <form
      className={classes.stack}
      onSubmit={(event) => {
        event.preventDefault()
        add.mutate(name.trim(), { onSuccess: () => setName('') })
      }}
    >
      <div className={classes.row}>
        <Autocomplete
          className={classes.grow}
          label="Add somebody who has an account"
          placeholder="User name"
          value={name}
          onChange={setName}
          data={(users.data ?? [])
            .filter((user) => user.is_active && !isMember.has(user.username))
            .map((user) => user.username)}
          limit={8}
          required
          withAsterisk={false}
        />
        <Button type="submit" loading={add.isPending}>
          Add
        </Button>
      </div>
      {add.error && <ProblemNotice problem={add.error} />}
    </form>
  )
}

function CreateAnnotator({ campaign }: { campaign: number }) {
  const [name, setName] = useState('')
  const create = useMemberMutation(campaign, (username: string) =>
    createAnnotator(campaign, username),
  )
  return (
    <form
      className={classes.stack}
      onSubmit={(event) => {
        event.preventDefault()
        create.mutate(name.trim(), { onSuccess: () => setName('') })
      }}
    >
      <div className={classes.row}>
        <TextInput
          className={classes.grow}
          label="Or make an account for a new annotator"
          placeholder="User name"
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
          autoComplete="off"
          required
          withAsterisk={false}
        />
        <Button type="submit" variant="default" loading={create.isPending}>
          Create annotator
        </Button>
      </div>
      {create.error && <ProblemNotice problem={create.error} />}
      {create.data?.password && (
        <OneTimePassword username={create.data.username} password={create.data.password} />
      )}
    </form>
  )
}

function MemberTable({ campaign, members }: { campaign: number; members: Member[] }) {
  const drop = useMemberMutation(campaign, (user: number) => removeMember(campaign, user))
  return (
    <>
      {drop.error && <ProblemNotice problem={drop.error} />}
      <TableBox label="Members" minWidth={480}>
        <Table horizontalSpacing="md" verticalSpacing="xs">
          <Table.Thead>
            <Table.Tr>
              <Table.Th>Name</Table.Th>
              <Table.Th>Role</Table.Th>
              <Table.Th>Rankings</Table.Th>
              <Table.Th>Joined</Table.Th>
              <Table.Th>
                <span className="visually-hidden">Remove</span>
              </Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {members.map((member) => (
              <Table.Tr key={member.user_id}>
                <Table.Td>{member.username}</Table.Td>
                <Table.Td>{member.role}</Table.Td>
                <Table.Td>{member.submitted.toLocaleString('en')}</Table.Td>
                <Table.Td>
                  <RelativeTime at={member.joined_at} />
                </Table.Td>
                <Table.Td ta="end">
                  <Button
                    size="compact-sm"
                    variant="subtle"
                    aria-label={`Remove ${member.username} from the campaign`}
                    title="Their rankings stay; they can be added again."
                    onClick={() => drop.mutate(member.user_id)}
                  >
                    Remove
                  </Button>
                </Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </TableBox>
    </>
  )
}
