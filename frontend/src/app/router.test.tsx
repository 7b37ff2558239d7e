import { MantineProvider } from '@mantine/core'
import { QueryClientProvider } from '@tanstack/react-query'
import { createMemoryHistory, RouterProvider } from '@tanstack/react-router'
import { render, screen } from '@testing-library/react'
import userEvent from '@testing-library/user-event'
import { http, HttpResponse } from 'msw'
import { setupServer } from 'msw/node'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { settingsWith } from '@/lib/settings-for-tests'
import type { CampaignForMember, Me } from '@/lib/types'
import { queries } from './queries'
import { makeRouter } from './router'

const nora: Me = { id: 7, username: 'nora', role: 'annotator', runs_rounds: false }

const campaign: CampaignForMember = {
  id: 3,
  name: 'Short notes',
  kind: 'ranking',
  guidelines: '',
  task: settingsWith(),
  open_round: { id: 4, number: 2, state: 'collecting' },
  mine: { waiting: true },
}

let user: Me | null = null
let campaigns: CampaignForMember[] = []

const server = setupServer(
  http.get('/api/session', () => HttpResponse.json({ user })),
  http.post('/api/session', async ({ request }) => {
    const { password } = (await request.json()) as { password: string }
    if (password !== 'right') {
      return HttpResponse.json({ detail: 'The name or the password is wrong.' }, { status: 400 })
    }
    user = nora
    return HttpResponse.json({ user })
  }),
  http.get('/api/campaigns', () => HttpResponse.json(campaigns)),
)

function open(path: string) {
  queries.clear()
  const router = makeRouter(queries, createMemoryHistory({ initialEntries: [path] }))
  render(
    <MantineProvider>
      <QueryClientProvider client={queries}>
        <RouterProvider router={router} />
      </QueryClientProvider>
    </MantineProvider>,
  )
  return router
}

async function logIn(password: string) {
  const person = userEvent.setup()
  await person.type(await screen.findByLabelText(/User name/), 'nora')
  await person.type(screen.getByLabelText(/^Password/), password)
  await person.click(screen.getByRole('button', { name: 'Log in' }))
}

describe('the first pages', () => {
  beforeAll(() => server.listen({ onUnhandledRequest: 'error' }))
  afterAll(() => server.close())
  afterEach(() => {
    user = null
    campaigns = []
  })

  it('asks who is there first, and says what is wrong with the answer', async () => {
    open('/')
    await logIn('wrong')
    expect(await screen.findByText('The name or the password is wrong.')).toBeTruthy()
  })

  it('shows an annotator what waits, with one way to begin', async () => {
    campaigns = [{ ...campaign, id: 2, name: 'Quiet', mine: { waiting: false } }, campaign]
    open('/')
    await logIn('right')
    expect(await screen.findByText('Comparisons wait for you in 1 campaign.')).toBeTruthy()
    expect(screen.getAllByRole('heading', { level: 2 }).map((one) => one.textContent)).toEqual([
      'Short notes',
      'Quiet',
    ])
    expect(screen.getByRole('link', { name: 'Start ranking' }).getAttribute('href')).toBe(
      '/campaigns/3/rank',
    )
  })

  it('tells an annotator without a campaign what to do', async () => {
    user = nora
    open('/')
    expect(await screen.findByText('You are in no campaign yet')).toBeTruthy()
    expect(screen.getByText(/your user name, nora/)).toBeTruthy()
  })

  it.each(['//evil.example/', '/\\evil.example', 'https://evil.example/', 'javascript:alert(1)'])(
    'leads after the login to no other site, whatever the link says: %s',
    async (next) => {
      const router = open(`/login?next=${encodeURIComponent(next)}`)
      await logIn('right')
      expect(await screen.findByText('Your campaigns')).toBeTruthy()
      expect(router.state.location.pathname).toBe('/')
    },
  )

  it.each(['/campaigns/3', '/campaigns/new', '/rounds/4', '/people'])(
    'brings an annotator who goes to %s to the first page',
    async (path) => {
      user = nora
      const router = open(path)
      expect(await screen.findByText('Your campaigns')).toBeTruthy()
      expect(router.state.location.pathname).toBe('/')
    },
  )

  it('says of an address that leads nowhere that it does', async () => {
    user = nora
    open('/nowhere')
    expect(await screen.findByText('There is nothing at this address')).toBeTruthy()
  })
})
