import { Menu, UnstyledButton, useComputedColorScheme, useMantineColorScheme } from '@mantine/core'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Link, useLocation } from '@tanstack/react-router'
import { remove } from '@/lib/api'
import { plural } from '@/lib/format'
import { dropKeptAnswers } from '@/lib/kept-answer'
import { unreadQuery } from '@/lib/notes'
import { sessionQuery, useMe } from '@/lib/session'
import classes from './account-menu.module.css'

/** Who one is, light or dark, and the way out. */
export function AccountMenu() {
  const me = useMe()
  const queries = useQueryClient()
  const { setColorScheme } = useMantineColorScheme()
  const scheme = useComputedColorScheme('light')
  const campaign = useAnnotatedCampaign()
  const { data: unread = 0 } = useQuery({
    ...unreadQuery(campaign ?? 0),
    enabled: campaign !== null,
    refetchInterval: 120_000,
  })
  const logOut = useMutation({
    mutationFn: () => remove('/session'),
    // A whole new page, so that nothing of this person stays in memory.
    onSuccess: () => {
      queries.setQueryData(sessionQuery.queryKey, null)
      dropKeptAnswers()
      window.location.assign('/login')
    },
  })
  return (
    <Menu position="bottom-end" withinPortal>
      <Menu.Target>
        <UnstyledButton className={classes.me}>
          <span aria-hidden className={classes.initial} data-new={unread > 0 || undefined}>
            {me.username.slice(0, 1).toUpperCase()}
          </span>
          <span className="visually-hidden">Account of </span>
          <span className={classes.name}>{me.username}</span>
          {unread > 0 && <span className="visually-hidden">, {plural(unread, 'new note')}</span>}
        </UnstyledButton>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>
          {me.username}, {me.role}
        </Menu.Label>
        {campaign !== null && <OwnLinks campaign={campaign} unread={unread} />}
        <Menu.Item onClick={() => setColorScheme(scheme === 'dark' ? 'light' : 'dark')}>
          {scheme === 'dark' ? 'Light colours' : 'Dark colours'}
        </Menu.Item>
        <Menu.Item onClick={() => setColorScheme('auto')}>Colours of the system</Menu.Item>
        <Menu.Divider />
        <Menu.Item onClick={() => logOut.mutate()}>Log out</Menu.Item>
      </Menu.Dropdown>
    </Menu>
  )
}

/** The campaign whose annotators' pages one is on, if one is. */
function useAnnotatedCampaign(): number | null {
  const path = useLocation({ select: ({ pathname }) => pathname })
  const id = /^\/campaigns\/(\d+)\/(?:rank|history|me)\b/.exec(path)?.[1]
  return id === undefined ? null : Number(id)
}

function OwnLinks({ campaign, unread }: { campaign: number; unread: number }) {
  return (
    <>
      <Menu.Item
        renderRoot={(props) => <Link to="/campaigns/$id/me" params={{ id: campaign }} {...props} />}
      >
        My page{unread > 0 && ` (${plural(unread, 'new note')})`}
      </Menu.Item>
      <Menu.Item
        renderRoot={(props) => (
          <Link to="/campaigns/$id/history" params={{ id: campaign }} {...props} />
        )}
      >
        My rankings
      </Menu.Item>
      <Menu.Divider />
    </>
  )
}
