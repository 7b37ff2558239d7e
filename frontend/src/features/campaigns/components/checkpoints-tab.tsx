import { Table } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { CopyButton } from '@/components/copy-button'
import { Empty, ProblemNotice } from '@/components/notice'
import { RelativeTime } from '@/components/relative-time'
import { TableBox } from '@/components/table-box'
import { checkpointsQuery } from '@/features/campaigns/api/checkpoints'
import classes from './form.module.css'

/** Every model of the campaign, the champion marked. */
export function CheckpointsTab({ campaign }: { campaign: number }) {
  const { data, error } = useQuery(checkpointsQuery(campaign))
  if (error) return <ProblemNotice problem={error} />
  if (!data) return null
  if (data.length === 0) {
    return (
      <Empty title="No checkpoint yet">
        <p>The campaign’s first model is recorded when its first round is launched.</p>
      </Empty>
    )
  }
  const nameOf = new Map(data.map((checkpoint) => [checkpoint.id, checkpoint.name]))
  return (
    <TableBox label="Checkpoints" minWidth={720}>
      <Table horizontalSpacing="md" verticalSpacing="xs">
        <Table.Thead>
          <Table.Tr>
            <Table.Th>Checkpoint</Table.Th>
            <Table.Th>Kind</Table.Th>
            <Table.Th>From</Table.Th>
            <Table.Th>SHA-256</Table.Th>
            <Table.Th>Made</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {data.map((checkpoint) => (
            <Table.Tr key={checkpoint.id}>
              <Table.Td title={checkpoint.path}>
                <strong>{checkpoint.name}</strong>
                {checkpoint.champion && <span className={classes.done}> champion</span>}
              </Table.Td>
              <Table.Td>{checkpoint.kind}</Table.Td>
              <Table.Td>{checkpoint.parent === null ? '' : nameOf.get(checkpoint.parent)}</Table.Td>
              <Table.Td>
                {checkpoint.digest && (
                  <>
                    <code title={checkpoint.digest}>{checkpoint.digest.slice(0, 10)}</code>{' '}
                    <CopyButton text={checkpoint.digest} />
                  </>
                )}
              </Table.Td>
              <Table.Td>
                <RelativeTime at={checkpoint.created_at} />
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </TableBox>
  )
}
