import { Table } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import { RelativeTime } from '@/components/relative-time'
import { RoundStateBadge } from '@/components/round-state'
import { TableBox } from '@/components/table-box'
import { percent } from '@/lib/format'
import type { Round } from '@/lib/types'
import classes from './round-list.module.css'

/** The campaign's rounds, newest first. */
export function RoundList({ rounds }: { rounds: Round[] }) {
  return (
    <TableBox label="Rounds" minWidth={640}>
      <Table horizontalSpacing="md" verticalSpacing="sm" highlightOnHover>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>Round</Table.Th>
            <Table.Th>State</Table.Th>
            <Table.Th>Rankings</Table.Th>
            <Table.Th>Started from</Table.Th>
            <Table.Th>Challenger wins</Table.Th>
            <Table.Th>Since</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {rounds.map((round) => (
            <Table.Tr key={round.id}>
              <Table.Td>
                <Link to="/rounds/$id" params={{ id: round.id }} className={classes.name}>
                  Round {round.number}
                </Link>
              </Table.Td>
              <Table.Td>
                <RoundStateBadge state={round.state} />
              </Table.Td>
              <Table.Td>
                {round.collecting.submitted} of {round.collecting.wanted}, K = {round.recipe.k}
              </Table.Td>
              <Table.Td>{round.start_policy.name}</Table.Td>
              <Table.Td>{winRate(round)}</Table.Td>
              <Table.Td>
                <RelativeTime at={round.entered_at} />
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </TableBox>
  )
}

function winRate(round: Round): string {
  const rate = round.evaluation?.metrics.win_rate_vs_start
  return typeof rate === 'number' ? percent(rate) : ''
}
