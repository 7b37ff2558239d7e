import { Button, Group, Kbd, Modal, Switch, Table } from '@mantine/core'
import type { KeyboardEvent, ReactNode } from 'react'
import { useState } from 'react'
import type { KeySettings } from '@/features/ranking/hooks/use-key-settings'
import { isJudgeable } from '@/features/ranking/model/cursor'
import type { Asked } from '@/features/ranking/model/judging'
import type { ActionName } from '@/features/ranking/model/keys'
import { ACTION_LABELS, keyName } from '@/features/ranking/model/keys'
import { letterOf } from '@/lib/format'

interface KeySheetProps {
  isOpen: boolean
  asked: Asked
  offers: ActionName[]
  settings: KeySettings
  onClose: () => void
}

type Line = [keys: string, meaning: string]

const PAIR_LINES: Line[] = [
  ['1 to 7', 'From “A significantly better” to “B significantly better”'],
  ['4, then A or B', 'Nearly equal, but A (or B) is negligibly better'],
]

const rankLines = (last: string): Line[] => [
  [`A to ${last}`, 'Place the answers, best first'],
  ['0 or =', 'These two are equal'],
  ['1 2 3 4', 'Negligibly, slightly, better, significantly better'],
  ['← →', 'Go to another margin; on a letter of the ranking: move it'],
]

const judgeLines = (last: string, isOneSided: boolean): Line[] => [
  ['1 to 9, 0', 'Answer the question about an answer: its first option to its tenth'],
  [`A to ${last}`, isOneSided ? 'Go to that answer' : 'Once the ranking stands: go to that answer'],
  ...(isOneSided ? [] : [['Esc', 'Back to the ranking'] as Line]),
]

function linesOf(asked: Asked): Line[] {
  const last = letterOf(asked.k - 1)
  const ranking = asked.k === 2 ? PAIR_LINES : rankLines(last)
  return [
    ...(asked.isOneSided ? [] : ranking),
    ...(isJudgeable(asked) ? judgeLines(last, asked.isOneSided) : []),
    ['Enter', 'Submit, and on to the next'],
  ]
}

/** Every key of the ranking page, for the comparison at hand; those of the actions can be changed. */
export function KeySheet({ isOpen, asked, offers, settings, onClose }: KeySheetProps) {
  const names = Array.from({ length: asked.k }, (_, position) => letterOf(position).toLowerCase())
  const hasClash = offers.some((action) => names.includes(settings.keymap[action]))
  return (
    <Sheet isOpen={isOpen} onClose={onClose}>
      <Table verticalSpacing="xs">
        <Table.Tbody>
          {linesOf(asked).map(([keys, meaning]) => (
            <Row key={meaning} keys={keys} meaning={meaning} />
          ))}
          {offers.map((action) => (
            <ActionRow key={action} action={action} settings={settings} />
          ))}
        </Table.Tbody>
      </Table>
      {hasClash && (
        <p>A letter that names an answer places it: press Shift with it for its action.</p>
      )}
      <Group justify="space-between" mt="md">
        <Switch
          checked={settings.isOn}
          onChange={(event) => settings.switchOn(event.currentTarget.checked)}
          label="Single keys are on"
          description="Switch them off if you use speech input; the buttons do the same."
        />
        <Button variant="default" size="xs" onClick={settings.reset}>
          Back to the usual keys
        </Button>
      </Group>
    </Sheet>
  )
}

function Row({ keys, meaning, children }: { keys: string; meaning: string; children?: ReactNode }) {
  return (
    <Table.Tr>
      <Table.Td w={150}>
        <Kbd>{keys}</Kbd>
      </Table.Td>
      <Table.Td>{meaning}</Table.Td>
      <Table.Td ta="end">{children}</Table.Td>
    </Table.Tr>
  )
}

function ActionRow({ action, settings }: { action: ActionName; settings: KeySettings }) {
  const [isWaiting, setWaiting] = useState(false)
  const [problem, setProblem] = useState<string | null>(null)
  const take = (event: KeyboardEvent) => {
    if (!isWaiting || event.key === 'Tab' || event.key === 'Shift') return
    event.preventDefault()
    event.stopPropagation()
    setWaiting(false)
    setProblem(event.key === 'Escape' ? null : settings.change(action, event.key))
  }
  return (
    <Row keys={keyName(settings.keymap[action])} meaning={ACTION_LABELS[action]}>
      <Button
        size="compact-xs"
        variant={isWaiting ? 'filled' : 'default'}
        aria-label={isWaiting ? undefined : `Change the key: ${ACTION_LABELS[action]}`}
        onClick={() => setWaiting(true)}
        onBlur={() => setWaiting(false)}
        data-mantine-stop-propagation={isWaiting || undefined}
        onKeyDownCapture={take}
      >
        {isWaiting ? 'Press the new key' : 'Change'}
      </Button>
      {problem && <div role="alert">{problem}</div>}
    </Row>
  )
}

/** Put together from parts, since Mantine's own head is a second banner landmark to a screen reader. */
function Sheet(props: { isOpen: boolean; onClose: () => void; children: ReactNode }) {
  return (
    <Modal.Root opened={props.isOpen} onClose={props.onClose} size="lg">
      <Modal.Overlay />
      <Modal.Content>
        <Modal.Body pt="md">
          <Group justify="space-between" mb="sm">
            <Modal.Title fz="lg" fw={650}>
              Keys
            </Modal.Title>
            <Modal.CloseButton aria-label="Close" />
          </Group>
          {props.children}
        </Modal.Body>
      </Modal.Content>
    </Modal.Root>
  )
}
