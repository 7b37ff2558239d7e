import { Table } from '@mantine/core'
import { TableBox } from '@/components/table-box'
import type {
  Agreement,
  AgreementRow,
  Labels,
  RewardReport,
} from '@/features/rounds/model/reward-report'
import { rewardReport } from '@/features/rounds/model/reward-report'
import { percent, plural, twoDecimals } from '@/lib/format'
import { ReliabilityChart } from './reliability-chart'
import classes from './reward-findings.module.css'

/** What a reward model has learnt: whom it agrees with, how sure it may be, what it makes of length. */
export function RewardFindings({ metrics }: { metrics: Record<string, unknown> }) {
  const report = rewardReport(metrics)
  if (!report) return null
  return (
    <div className={classes.findings}>
      <div>
        <AgreementTable rows={report.rows} />
        {report.notMeasured && <p className={classes.note}>{report.notMeasured}</p>}
        {report.members.length > 0 && (
          <p className={classes.note}>
            Its {plural(report.members.length, 'member')} alone:{' '}
            {report.members.map((accuracy) => percent(accuracy)).join(', ')} of held-out pairs.
          </p>
        )}
        <LengthNote length={report.length} />
        {report.labels && <LabelsNote labels={report.labels} />}
      </div>
      {report.before && report.after && (
        <div>
          <ReliabilityChart before={report.before.bins} after={report.after.bins} />
          <p className={classes.note}>
            Calibration error {percent(report.before.error)} before, {percent(report.after.error)}{' '}
            after; log loss {twoDecimals(report.before.logLoss)} and{' '}
            {twoDecimals(report.after.logLoss)} nats a pair (a guess has 0.69).
          </p>
        </div>
      )}
    </div>
  )
}

function AgreementTable({ rows }: { rows: AgreementRow[] }) {
  const isTried = rows.some((row) => row.before)
  return (
    <TableBox label="Pairs ranked as people did" minWidth={isTried ? 420 : 280}>
      <Table horizontalSpacing="md" verticalSpacing={6}>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>Pairs ranked as people did</Table.Th>
            <Table.Th>Held out</Table.Th>
            {isTried && <Table.Th>New ones, by the model before</Table.Th>}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {rows.map((row) => (
            <Table.Tr key={row.title}>
              <Table.Th scope="row" fw={400}>
                {row.title}
              </Table.Th>
              <Table.Td>{agreementText(row.heldOut)}</Table.Td>
              {isTried && <Table.Td>{agreementText(row.before)}</Table.Td>}
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </TableBox>
  )
}

function agreementText(agreement: Agreement | null): string {
  return agreement ? `${percent(agreement.accuracy)} of ${plural(agreement.pairs, 'pair')}` : '–'
}

function LabelsNote({ labels }: { labels: Labels }) {
  return (
    <p className={classes.note}>
      Held out, {plural(labels.unsafe, 'answer was', 'answers were')} called unsafe and{' '}
      {labels.safe} safe.
      {labels.recall !== null && ` It calls ${percent(labels.recall)} of the unsafe ones unsafe.`}
      {labels.precision !== null &&
        ` Below a chance of 15 % to be safe, where safety decides alone, are ${labels.replies}; ${percent(labels.precision)} of them are unsafe.`}
    </p>
  )
}

function LengthNote({ length }: { length: RewardReport['length'] }) {
  const { correlation, longer_preferred: preferred, longer_scored_higher: scored } = length
  if (preferred === null || scored === null) return null
  return (
    <p className={classes.note}>
      Of two answers of different length people chose the longer in {percent(preferred)} of pairs;
      it scores higher in {percent(scored)}.
      {correlation !== null &&
        ` Reward and length correlate by ${twoDecimals(correlation)} among the answers to a prompt.`}
    </p>
  )
}
