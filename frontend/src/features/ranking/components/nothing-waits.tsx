import { Button } from '@mantine/core'
import { ButtonLink } from '@/components/button-link'
import { Empty } from '@/components/notice'
import { whyNothing } from '@/features/ranking/model/words'
import type { RankingProgress } from '@/lib/types'

interface NothingWaitsProps {
  progress: RankingProgress | null
  canUndo: boolean
  onUndo: () => void
}

export function NothingWaits({ progress, canUndo, onUndo }: NothingWaitsProps) {
  const { title, text } = whyNothing(progress)
  return (
    <Empty title={title}>
      <p>{text}</p>
      <Button.Group style={{ justifyContent: 'center' }}>
        <ButtonLink to="/" variant="default">
          All campaigns
        </ButtonLink>
        {canUndo && (
          <Button variant="default" onClick={onUndo}>
            Undo my last ranking
          </Button>
        )}
      </Button.Group>
    </Empty>
  )
}
