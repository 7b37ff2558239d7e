import { Button } from '@mantine/core'
import { KeyCap } from '@/components/key-cap'
import type { ViewSettings } from '@/features/ranking/hooks/use-view-settings'
import type { Keymap } from '@/features/ranking/model/keys'
import { keyName } from '@/features/ranking/model/keys'
import classes from './view-bar.module.css'

interface ViewBarProps {
  view: ViewSettings
  hasDifferences: boolean
  keymap: Keymap
}

/** How the answers are looked at. */
export function ViewBar({ view, hasDifferences, keymap }: ViewBarProps) {
  return (
    <div className={classes.bar} role="group" aria-label="View of the answers">
      {hasDifferences && (
        <Button
          size="compact-sm"
          variant={view.isMarking ? 'light' : 'subtle'}
          aria-pressed={view.isMarking}
          data-enter="submit"
          onClick={view.toggleDifferences}
          rightSection={<KeyCap>{keyName(keymap.differences)}</KeyCap>}
        >
          Differences
        </Button>
      )}
      <Button
        size="compact-sm"
        variant={view.isTogether ? 'light' : 'subtle'}
        aria-pressed={view.isTogether}
        data-enter="submit"
        className={classes.together}
        onClick={view.toggleTogether}
        rightSection={<KeyCap>{keyName(keymap.together)}</KeyCap>}
      >
        Scroll together
      </Button>
    </div>
  )
}
