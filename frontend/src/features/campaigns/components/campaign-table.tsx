import { Table } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import { RelativeTime } from '@/components/relative-time'
import { RoundStateBadge } from '@/components/round-state'
import { TableBox } from '@/components/table-box'
import { plural } from '@/lib/format'
import type { Campaign } from '@/lib/types'
import classes from './campaign-table.module.css'

export function CampaignTable({ campaigns }: { campaigns: Campaign[] }) {
  return (
    <TableBox label="Campaigns" minWidth={620}>
      <Table horizontalSpacing="md" verticalSpacing="sm" highlightOnHover>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>Campaign</Table.Th>
            <Table.Th>Round</Table.Th>
            <Table.Th>Champion</Table.Th>
            <Table.Th>Prompts</Table.Th>
            <Table.Th>People</Table.Th>
            <Table.Th>Made</Table.Th>
            <Table.Th>
              <span className="visually-hidden">Rank</span>
            </Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {campaigns.map((campaign) => (
            <CampaignRow key={campaign.id} campaign={campaign} />
          ))}
        </Table.Tbody>
      </Table>
    </TableBox>
  )
}

function CampaignRow({ campaign }: { campaign: Campaign }) {
  const round = campaign.open_round
  return (
    <Table.Tr>
      <Table.Td>
        <Link to="/campaigns/$id" params={{ id: campaign.id }} className={classes.name}>
          {campaign.name}
        </Link>
        {campaign.archived_at && <span className={classes.quiet}> archived</span>}
      </Table.Td>
      <Table.Td>
        {round?.id ? (
          <Link to="/rounds/$id" params={{ id: round.id }} className={classes.round}>
            {round.number} · <RoundStateBadge state={round.state} />
          </Link>
        ) : (
          <span className={classes.quiet}>none open</span>
        )}
      </Table.Td>
      <Table.Td>
        {campaign.champion?.name ?? <span className={classes.quiet}>the first model</span>}
      </Table.Td>
      <Table.Td
        title={`${campaign.prompts.train} to train on, ${campaign.prompts.heldout} held out`}
      >
        {plural(campaign.prompts.train + campaign.prompts.heldout, 'prompt')}
      </Table.Td>
      <Table.Td>{campaign.members}</Table.Td>
      <Table.Td>
        <RelativeTime at={campaign.created_at} />
      </Table.Td>
      <Table.Td>
        {campaign.mine.waiting && (
          <Link to="/campaigns/$id/rank" params={{ id: campaign.id }}>
            Rank
          </Link>
        )}
      </Table.Td>
    </Table.Tr>
  )
}
