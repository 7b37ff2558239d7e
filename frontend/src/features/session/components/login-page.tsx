import { Button, PasswordInput, TextInput } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { ProblemNotice } from '@/components/notice'
import { Wordmark } from '@/components/wordmark'
import { logIn } from '@/features/session/api/log-in'
import { sessionQuery } from '@/lib/session'
import classes from './login-page.module.css'

export function LoginPage() {
  const { next } = useSearch({ from: '/login' })
  const navigate = useNavigate()
  const queries = useQueryClient()
  const attempt = useMutation({
    mutationFn: logIn,
    onSuccess: (me) => {
      queries.clear()
      queries.setQueryData(sessionQuery.queryKey, me)
      void navigate({ href: next ?? '/' })
    },
  })
  return (
    <main className={classes.page}>
      <title>Log in · Plumbline</title>
      <form
        className={classes.form}
        onSubmit={(event) => {
          event.preventDefault()
          const form = new FormData(event.currentTarget)
          attempt.mutate({
            username: String(form.get('username')),
            password: String(form.get('password')),
          })
        }}
      >
        <Wordmark />
        <h1>Log in</h1>
        {attempt.error && <ProblemNotice problem={attempt.error} />}
        <TextInput
          name="username"
          label="User name"
          autoComplete="username"
          autoCapitalize="none"
          required
        />
        <PasswordInput
          name="password"
          label="Password"
          autoComplete="current-password"
          required
          visibilityToggleButtonProps={{ 'aria-label': 'Show the password', tabIndex: 0 }}
        />
        <Button type="submit" loading={attempt.isPending}>
          Log in
        </Button>
        <p className={classes.help}>
          No account, or a lost password? Ask whoever runs your campaign.
        </p>
      </form>
    </main>
  )
}
