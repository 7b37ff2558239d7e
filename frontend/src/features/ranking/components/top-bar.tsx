import { Button, Progress } from '@mantine/core'
import { AccountMenu } from '@/components/account-menu'
import { KeyCap } from '@/components/key-cap'
import { Wordmark } from '@/components/wordmark'
import type { Keymap } from '@/features/ranking/model/keys'
import { keyName } from '@/features/ranking/model/keys'
import type { RankingProgress } from '@/lib/types'
import classes from './top-bar.module.css'

interface TopBarProps {
  campaign: string
  progress: RankingProgress | null
  /** Submitted here and not yet counted by the server. */
  pending: number
  keymap: Keymap
  isGuidelinesOpen: boolean
  onGuidelines: () => void
  onKeys: () => void
}

export function TopBar(props: TopBarProps) {
  const { progress, pending } = props
  return (
    <header className={classes.bar}>
      <Wordmark isCompact />
      <h1 className={classes.title}>
        {props.campaign}
        {progress?.round != null && (
          <span className={classes.round}> · Round {progress.round}</span>
        )}
      </h1>
      {progress && <Count progress={progress} pending={pending} />}
      <nav className={classes.links} aria-label="Help">
        <Button
          size="compact-sm"
          variant="subtle"
          aria-pressed={props.isGuidelinesOpen}
          onClick={props.onGuidelines}
          rightSection={<KeyCap>{keyName(props.keymap.guidelines)}</KeyCap>}
        >
          Guidelines
        </Button>
        <Button
          size="compact-sm"
          variant="subtle"
          className={classes.keys}
          onClick={props.onKeys}
          rightSection={<KeyCap>{keyName(props.keymap.keys)}</KeyCap>}
        >
          Keys
        </Button>
      </nav>
      <AccountMenu />
    </header>
  )
}

function Count({ progress, pending }: { progress: RankingProgress; pending: number }) {
  const mine = progress.mine + pending
  const total = progress.mine_total ?? progress.wanted
  const done = progress.mine_total === null ? Math.min(total, progress.done + pending) : mine
  const words =
    progress.mine_total === null
      ? `${mine} by you, ${done} of ${total} in the round`
      : `${mine} of ${total}`
  return (
    <div className={classes.count}>
      <span className={classes.words}>{words}</span>
      <Progress
        className={classes.track}
        value={total > 0 ? (100 * done) / total : 0}
        aria-label={`Progress of the round: ${done} of ${total}`}
        title={`${done} of ${total} rankings of this round are in`}
        size="sm"
      />
    </div>
  )
}
