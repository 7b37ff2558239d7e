import { MantineProvider } from '@mantine/core'
import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { render, screen } from '@testing-library/react'
import { expect, it } from 'vitest'
import { runMetricsQuery } from '@/features/rounds/api/rounds'
import type { Run } from '@/lib/types'
import { RunPanel } from './run-panel'

it('says why a run had nothing to do', () => {
  const client = new QueryClient({ defaultOptions: { queries: { staleTime: Infinity } } })
  client.setQueryData(runMetricsQuery(1).queryKey, [])
  const why = 'Nobody has said of any train reply whether it is safe.'
  const run = {
    id: 1,
    stage: 'safety',
    state: 'succeeded',
    progress: {},
    metrics: { skipped: why },
  }
  render(
    <QueryClientProvider client={client}>
      <MantineProvider env="test">
        <RunPanel title="Training the safety reward model" run={run as unknown as Run} />
      </MantineProvider>
    </QueryClientProvider>,
  )
  expect(screen.getByText(why)).toBeDefined()
  expect(screen.queryByLabelText('Result')).toBeNull()
})
