import { MantineProvider } from '@mantine/core'
import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { fireEvent, render, screen, waitFor } from '@testing-library/react'
import { afterEach, expect, it, vi } from 'vitest'
import type { Round } from '@/lib/types'
import { FailurePanel } from './failure-panel'

const ROUND = {
  id: 7,
  campaign: { id: 1 },
  failure: 'Unknown params: bata.',
  failed_in: 'sampling',
  runs: [],
  recipe: { params: { dpo: { bata: 0.1 } } },
} as unknown as Round

function retryWith(text?: string) {
  const sent = vi.fn<typeof fetch>(() => Promise.resolve(new Response(JSON.stringify(ROUND))))
  vi.stubGlobal('fetch', sent)
  render(
    <QueryClientProvider client={new QueryClient()}>
      <MantineProvider env="test">
        <FailurePanel round={ROUND} />
      </MantineProvider>
    </QueryClientProvider>,
  )
  if (text !== undefined) {
    fireEvent.change(screen.getByLabelText(/Hyper-parameters/), { target: { value: text } })
  }
  fireEvent.click(screen.getByRole('button', { name: 'Retry' }))
  return waitFor(() => {
    const [url, options] = sent.mock.calls[0] ?? []
    expect(url).toBe('/api/rounds/7/retry')
    return JSON.parse(options?.body as string) as unknown
  })
}

afterEach(() => vi.unstubAllGlobals())

it('retries with the params that the round has', async () => {
  expect(await retryWith()).toEqual({})
})

it('retries with others, where somebody changed them', async () => {
  expect(await retryWith('{"dpo": {"beta": 0.1}}')).toEqual({ params: { dpo: { beta: 0.1 } } })
})

it('does not send what is no JSON yet', async () => {
  expect(await retryWith('{"dpo": ')).toEqual({})
})
