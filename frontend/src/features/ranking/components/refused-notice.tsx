import { Alert, Button, Group } from '@mantine/core'
import { CopyButton } from '@/components/copy-button'
import type { Entry } from '@/features/ranking/model/outbox'
import { keepsake } from '@/features/ranking/model/words'

interface RefusedNoticeProps {
  entry: Entry
  onRetry: () => void
  onForget: () => void
}

/** A ranking the server will not take: why, and the work itself, to keep or to let go. */
export function RefusedNotice({ entry, onRetry, onForget }: RefusedNoticeProps) {
  const prompt = entry.task.prompt.at(-1)?.content ?? ''
  return (
    <Alert role="alert" color="red" title={`Not saved: ${entry.refused}`}>
      <Group justify="space-between" gap="sm">
        <span>
          Your work on “{prompt.length > 70 ? `${prompt.slice(0, 70)}…` : prompt}” is kept here
          until you let it go; it does not count.
        </span>
        <Group gap="xs">
          <CopyButton text={keepsake(entry)} label="Copy my work" />
          <Button size="compact-xs" variant="default" onClick={onRetry}>
            Try again
          </Button>
          <Button size="compact-xs" variant="default" onClick={onForget}>
            Let it go
          </Button>
        </Group>
      </Group>
    </Alert>
  )
}
