import { Menu, UnstyledButton, useComputedColorScheme, useMantineColorScheme } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { remove } from '@/lib/api'
import { sessionQuery, useMe } from '@/lib/session'
import classes from './account-menu.module.css'

/** Who one is, light or dark, and the way out. */
export function AccountMenu() {
  const me = useMe()
  const queries = useQueryClient()
  const { setColorScheme } = useMantineColorScheme()
  const scheme = useComputedColorScheme('light')
  const logOut = useMutation({
    mutationFn: () => remove('/session'),
    // A whole new page, so that nothing of this person stays in memory.
    onSuccess: () => {
      queries.setQueryData(sessionQuery.queryKey, null)
      window.location.assign('/login')
    },
  })
  return (
    <Menu position="bottom-end" withinPortal>
      <Menu.Target>
        <UnstyledButton className={classes.me}>
          <span aria-hidden className={classes.initial}>
            {me.username.slice(0, 1).toUpperCase()}
          </span>
          <span className="visually-hidden">Account of </span>
          <span className={classes.name}>{me.username}</span>
        </UnstyledButton>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>
          {me.username}, {me.role}
        </Menu.Label>
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
