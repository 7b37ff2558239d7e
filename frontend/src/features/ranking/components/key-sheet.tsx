import { Group, Kbd, Modal, Switch, Table } from '@mantine/core'
import type { Keymap } from '@/features/ranking/model/keys'
import { ACTION_LABELS, ACTIONS } from '@/features/ranking/model/keys'
import { letterOf } from '@/lib/format'
import type { ReactNode } from 'react'

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
    <Sheet isOpen={isOpen} onClose={onClose}>
      <Table horizontalSpacing="md" verticalSpacing="xs">
        <Table.Tbody>
          {rows.map(([keys, meaning]) => (
            <Table.Tr key={keys}>
              <Table.Td>
                <Kbd>{keys}</Kbd>
              </Table.Td>
              <Table.Td>{meaning}</Table.Td>
            </Table.Tr>
          ))}
          {ACTIONS.map((action) => (
            <Table.Tr key={action}>
              <Table.Td>
                <Kbd>
                  {keymap[action].length === 1 ? keymap[action].toUpperCase() : keymap[action]}
                </Kbd>
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
    </Sheet>
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
