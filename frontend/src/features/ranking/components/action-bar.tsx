import { Button } from '@mantine/core'
import { KeyCap } from '@/components/key-cap'
import type { Keymap } from '@/features/ranking/model/keys'
import { keyName } from '@/features/ranking/model/keys'
import type { OutboxState } from '@/features/ranking/model/outbox'
import { saveWord } from '@/features/ranking/model/words'
import type { TaskSettings } from '@/lib/types'
import classes from './action-bar.module.css'

interface ActionBarProps {
  settings: TaskSettings
  keymap: Keymap
  outbox: OutboxState
  isOffline: boolean
  allBad: boolean
  hasReason: boolean
  isReady: boolean
  canUndo: boolean
  isUndoing: boolean
  onAllBad: () => void
  onReason: () => void
  onUndo: () => void
  onSkip: () => void
  onSubmit: () => void
}

export function ActionBar(props: ActionBarProps) {
  const { settings, keymap } = props
  return (
    <div className={classes.bar}>
      {settings.all_bad && (
        <Button
          size="sm"
          variant={props.allBad ? 'filled' : 'default'}
          color={props.allBad ? 'red.8' : undefined}
          aria-pressed={props.allBad}
          data-enter="submit"
          onClick={props.onAllBad}
          rightSection={<KeyCap>{keyName(keymap['all-bad'])}</KeyCap>}
        >
          All bad
        </Button>
      )}
      {settings.rationale !== 'off' && (
        <Button
          size="sm"
          variant="default"
          onClick={props.onReason}
          rightSection={<KeyCap>{keyName(keymap.reason)}</KeyCap>}
        >
          {props.hasReason ? 'Reason ✓' : 'Reason'}
        </Button>
      )}
      <SaveWord outbox={props.outbox} isOffline={props.isOffline} />
      <Button
        size="sm"
        variant="default"
        loading={props.isUndoing}
        disabled={!props.canUndo}
        onClick={props.onUndo}
        rightSection={<KeyCap>{keyName(keymap.undo)}</KeyCap>}
      >
        Undo
      </Button>
      {settings.skip && (
        <Button
          size="sm"
          variant="default"
          onClick={props.onSkip}
          rightSection={<KeyCap>{keyName(keymap.skip)}</KeyCap>}
        >
          Skip
        </Button>
      )}
      <Button
        size="sm"
        className={classes.submit}
        data-ready={props.isReady}
        aria-disabled={!props.isReady}
        onClick={props.onSubmit}
        rightSection={<KeyCap>Enter</KeyCap>}
      >
        Submit
      </Button>
    </div>
  )
}

export function SaveWord({
  outbox,
  isOffline = false,
}: {
  outbox: OutboxState
  isOffline?: boolean
}) {
  return (
    <span
      className={classes.saved}
      role="status"
      data-trouble={outbox.trouble !== null || isOffline || undefined}
    >
      {saveWord(outbox, isOffline)}
    </span>
  )
}
