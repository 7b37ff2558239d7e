import { Modal, Switch, Table } from '@mantine/core'
import { KeyCap } from '@/components/key-cap'
import type { Keymap } from '@/features/ranking/model/keys'
import { ACTION_LABELS, ACTIONS } from '@/features/ranking/model/keys'
import { letterOf } from '@/lib/format'

interface KeySheetProps {
  isOpen: boolean
  k: number
  keymap: Keymap
  isOn: boolean
  onSwitch: (isOn: boolean) => void
  onClose: () => void
}

const PAIR_ROWS: [string, string][] = [
  ['1 to 7', 'From “A significantly better” to “B significantly better”'],
  ['4, then A or B', 'Nearly equal, but A (or B) is negligibly better'],
]

const rankRows = (k: number): [string, string][] => [
  [`A to ${letterOf(k - 1)}`, 'Place the answers, best first'],
  ['0 or =', 'These two are equal'],
  ['1 2 3 4', 'Negligibly, slightly, better, significantly better'],
  ['← →', 'Go to another margin; on a letter of the ranking: move it'],
]

/** Every key of the ranking page, for the comparison at hand. */
export function KeySheet({ isOpen, k, keymap, isOn, onSwitch, onClose }: KeySheetProps) {
  const rows = [
    ...(k === 2 ? PAIR_ROWS : rankRows(k)),
    ['Enter', 'Submit, and on to the next'] as [string, string],
  ]
  return (
    <Modal
      opened={isOpen}
      onClose={onClose}
      title="Keys"
      size="lg"
      closeButtonProps={{ 'aria-label': 'Close' }}
    >
      <Table horizontalSpacing="md" verticalSpacing="xs">
        <Table.Tbody>
          {rows.map(([keys, meaning]) => (
            <Table.Tr key={keys}>
              <Table.Td>
                <KeyCap>{keys}</KeyCap>
              </Table.Td>
              <Table.Td>{meaning}</Table.Td>
            </Table.Tr>
          ))}
          {ACTIONS.map((action) => (
            <Table.Tr key={action}>
              <Table.Td>
                <KeyCap>
                  {keymap[action].length === 1 ? keymap[action].toUpperCase() : keymap[action]}
                </KeyCap>
              </Table.Td>
              <Table.Td>{ACTION_LABELS[action]}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
      {k > 6 && <p>Here G names an answer: press Shift with a letter for the action.</p>}
      <Switch
        checked={isOn}
        onChange={(event) => onSwitch(event.currentTarget.checked)}
        label="Single keys are on"
        description="Switch them off if you use speech input; the buttons do the same."
      />
    </Modal>
  )
}
