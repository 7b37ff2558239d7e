import { Alert, Code, Group } from '@mantine/core'
import { CopyButton } from './copy-button'

/** A generated password: shown this once, since only its hash is kept. */
export function OneTimePassword({ username, password }: { username: string; password: string }) {
  return (
    <Alert
      role="status"
      color="green"
      title={`The account ${username} is made. This is the only time its password is shown.`}
    >
      <Group gap="sm">
        <Code fz="md" data-testid="one-time-password">
          {password}
        </Code>
        <CopyButton text={password} label="Copy the password" />
      </Group>
    </Alert>
  )
}
