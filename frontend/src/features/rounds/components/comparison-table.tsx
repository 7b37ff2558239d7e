import { Table } from '@mantine/core'
import { TableBox } from '@/components/table-box'
import { estimateOf, numberOf } from '@/features/rounds/model/decision'
import { percent, twoDecimals } from '@/lib/format'

interface Row {
  name: string
  title: string
  isShare?: boolean
}

const REWARD: Row = { name: 'reward_mean', title: 'Mean reward (0 is the average ranked answer)' }
/** With two reward models a reward is the logit of one or the other, and safety has a row. */
const WITH_SAFETY: Row[] = [
  { name: 'reward_mean', title: 'Mean reward (a logit, of safety where that decides)' },
  { name: 'unsafe', title: 'Likely unsafe', isShare: true },
]
const ROWS: Row[] = [
  { name: 'length_mean', title: 'Mean length (tokens)' },
  { name: 'stopped', title: 'Ended by itself', isShare: true },
  { name: 'distinct_2', title: 'Distinct word pairs', isShare: true },
]
const COLUMNS = [
  { prefix: '', title: 'Challenger' },
  { prefix: 'start_', title: 'Champion' },
  { prefix: 'base_', title: 'First model' },
]

/** The same numbers for challenger, champion and the campaign's first model. */
export function ComparisonTable({ metrics }: { metrics: Record<string, unknown> }) {
  const cell = (name: string, isShare = false) => {
    const estimate = estimateOf(metrics, name)
    if (!estimate) return '–'
    const show = isShare ? percent : twoDecimals
    const interval =
      estimate.low === estimate.high ? '' : ` (${show(estimate.low)} to ${show(estimate.high)})`
    return show(estimate.value) + interval
  }
  const rows = [...('unsafe' in metrics ? WITH_SAFETY : [REWARD]), ...ROWS]
  const kl = { start: numberOf(metrics, 'kl_to_start'), base: numberOf(metrics, 'kl_to_base') }
  return (
    <TableBox label="Challenger, champion and first model" minWidth={560}>
      <Table horizontalSpacing="md" verticalSpacing="xs">
        <Table.Thead>
          <Table.Tr>
            <Table.Th>On {numberOf(metrics, 'prompts') ?? ''} held-out prompts</Table.Th>
            {COLUMNS.map((column) => (
              <Table.Th key={column.title}>{column.title}</Table.Th>
            ))}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {rows.map((row) => (
            <Table.Tr key={row.name}>
              <Table.Th scope="row" fw={400}>
                {row.title}
              </Table.Th>
              {COLUMNS.map((column) => (
                <Table.Td key={column.title}>
                  {cell(column.prefix + row.name, row.isShare)}
                </Table.Td>
              ))}
            </Table.Tr>
          ))}
          <Table.Tr>
            <Table.Th scope="row" fw={400}>
              KL of the challenger to it (nats)
            </Table.Th>
            <Table.Td>–</Table.Td>
            <Table.Td>{kl.start === null ? '–' : twoDecimals(kl.start)}</Table.Td>
            <Table.Td>{kl.base === null ? '–' : twoDecimals(kl.base)}</Table.Td>
          </Table.Tr>
        </Table.Tbody>
      </Table>
    </TableBox>
  )
}
