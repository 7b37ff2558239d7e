import { Pagination, SegmentedControl, Table, TextInput } from '@mantine/core'
import { useDebouncedCallback } from '@mantine/hooks'
import { useQuery } from '@tanstack/react-query'
import { Empty, ProblemNotice } from '@/components/notice'
import { TableBox } from '@/components/table-box'
import type { PromptFilter } from '@/features/campaigns/api/prompts'
import { promptsQuery } from '@/features/campaigns/api/prompts'
import { plural } from '@/lib/format'
import type { PromptPage } from '@/lib/types'
import classes from './form.module.css'
import { PromptImport } from './prompt-import'

const PAGE_SIZE = 50

interface PromptsTabProps {
  campaign: number
  filter: PromptFilter
  onFilter: (filter: PromptFilter) => void
}

/** The prompts of a campaign, and the way to bring in more. */
export function PromptsTab({ campaign, filter, onFilter }: PromptsTabProps) {
  const { data, error } = useQuery(promptsQuery(campaign, filter))
  const find = useDebouncedCallback(
    (q: string) => onFilter({ ...filter, q: q || undefined, page: undefined }),
    250,
  )
  const isFiltered = Boolean(filter.q ?? filter.split)
  return (
    <div className={classes.stack}>
      <PromptImport campaign={campaign} />
      <div className={classes.row}>
        <TextInput
          className={classes.grow}
          label="Find"
          placeholder="Words of a prompt"
          defaultValue={filter.q ?? ''}
          onChange={(event) => find(event.currentTarget.value)}
        />
        <SegmentedControl
          aria-label="Which prompts"
          value={filter.split ?? 'all'}
          onChange={(split) =>
            onFilter({
              ...filter,
              split: split === 'train' || split === 'heldout' ? split : undefined,
              page: undefined,
            })
          }
          data={[
            { value: 'all', label: 'All' },
            { value: 'train', label: 'Train' },
            { value: 'heldout', label: 'Held out' },
          ]}
        />
      </div>
      {error && <ProblemNotice problem={error} />}
      {data?.count === 0 && (
        <Empty title={isFiltered ? 'No prompt matches' : 'No prompts yet'}>
          <p>
            {isFiltered
              ? 'Try other words, or show all of them.'
              : 'Import a JSONL file above; rounds draw from what it holds.'}
          </p>
        </Empty>
      )}
      {data && data.count > 0 && (
        <PromptTable
          data={data}
          page={filter.page ?? 1}
          onPage={(page) => onFilter({ ...filter, page })}
        />
      )}
    </div>
  )
}

function PromptTable({
  data,
  page,
  onPage,
}: {
  data: PromptPage
  page: number
  onPage: (page: number) => void
}) {
  return (
    <>
      <TableBox label="Prompts" minWidth={340}>
        <Table horizontalSpacing="md" verticalSpacing="xs" layout="fixed">
          <Table.Caption>{plural(data.count, 'prompt')}</Table.Caption>
          <Table.Thead>
            <Table.Tr>
              <Table.Th>Prompt</Table.Th>
              <Table.Th w={80}>Turns</Table.Th>
              <Table.Th w={100}>Split</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {data.results.map((prompt) => (
              <Table.Tr key={prompt.id}>
                <Table.Td>{prompt.messages.at(-1)?.content}</Table.Td>
                <Table.Td>{prompt.messages.length}</Table.Td>
                <Table.Td>{prompt.split === 'heldout' ? 'held out' : 'train'}</Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </TableBox>
      {data.count > PAGE_SIZE && (
        <Pagination
          total={Math.ceil(data.count / PAGE_SIZE)}
          value={page}
          onChange={onPage}
          getControlProps={(control) => ({ 'aria-label': `${control} page` })}
        />
      )}
    </>
  )
}
