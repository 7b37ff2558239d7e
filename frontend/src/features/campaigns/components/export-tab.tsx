import { Button, Select, Table } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { CopyButton } from '@/components/copy-button'
import { ProblemNotice } from '@/components/notice'
import { exportAddress, manifestQuery } from '@/features/campaigns/api/export'
import { plural } from '@/lib/format'
import type { ExportManifest } from '@/lib/types'
import classes from './form.module.css'

const LEVELS: Record<string, string> = {
  '0': 'negligibly',
  '1': 'slightly',
  '2': 'better',
  '3': 'significantly',
}

/** The preferences as a file that TRL trains on, and what exactly is in it. */
export function ExportTab({ campaign }: { campaign: number }) {
  const [round, setRound] = useState<number | null>(null)
  const all = useQuery(manifestQuery(campaign, null))
  const { data, error } = useQuery(manifestQuery(campaign, round))
  const rounds = all.data?.rounds.map((part) => part.number) ?? []
  return (
    <div className={classes.panel}>
      <h2>Export the preferences</h2>
      <p className={classes.quiet}>
        One JSON line for each pair: <code>prompt</code>, <code>chosen</code>, <code>rejected</code>
        , <code>margin</code>, in TRL’s conversational preference format. Ties give no pair.
      </p>
      <div className={classes.row}>
        <Select
          label="Rounds"
          value={String(round ?? 'all')}
          onChange={(value) => setRound(value === null || value === 'all' ? null : Number(value))}
          data={[
            { value: 'all', label: 'All rounds' },
            ...rounds.map((number) => ({ value: String(number), label: `Round ${number}` })),
          ]}
        />
        {data && data.rows > 0 && (
          <Button component="a" href={exportAddress(campaign, round)} download>
            Download {plural(data.rows, 'pair')}
          </Button>
        )}
      </div>
      {error && <ProblemNotice problem={error} />}
      {data?.rows === 0 && (
        <p className={classes.quiet}>Nothing has been ranked yet: the file would be empty.</p>
      )}
      {data && data.rows > 0 && <Manifest manifest={data} />}
    </div>
  )
}

function Manifest({ manifest }: { manifest: ExportManifest }) {
  const levels = Object.entries(manifest.margin_levels)
    .map(([level, pairs]) => `${LEVELS[level] ?? level} ${pairs.toLocaleString('en')}`)
    .join(', ')
  const rows: [string, string][] = [
    ['Pairs', manifest.rows.toLocaleString('en')],
    ['From rankings', manifest.rankings.toLocaleString('en')],
    ['Pairs by margin', levels],
    ...manifest.rounds.map((part): [string, string] => [
      `Round ${part.number}`,
      `${part.snapshot ? 'frozen' : 'still collecting'}, from ${part.checkpoint?.name ?? 'the first model'}`,
    ]),
  ]
  return (
    <Table aria-label="Manifest" verticalSpacing="xs">
      <Table.Tbody>
        {rows.map(([name, value]) => (
          <Table.Tr key={name}>
            <Table.Th scope="row" w={170}>
              {name}
            </Table.Th>
            <Table.Td>{value}</Table.Td>
          </Table.Tr>
        ))}
        <Table.Tr>
          <Table.Th scope="row">SHA-256</Table.Th>
          <Table.Td>
            <code title={manifest.sha256}>{manifest.sha256.slice(0, 16)}…</code>{' '}
            <CopyButton text={manifest.sha256} />
          </Table.Td>
        </Table.Tr>
      </Table.Tbody>
    </Table>
  )
}
