import { beforeEach, describe, expect, it } from 'vitest'
import type { MineAnnotation } from '@/lib/types'
import { begin, choose, FakeServer, settled } from './fake-server'

describe('amending', () => {
  beforeEach(() => localStorage.clear())
  const annotation: MineAnnotation = {
    uid: 'said',
    round: 4,
    submitted_at: '',
    amended: false,
    amendable: true,
    prompt: [{ role: 'user', content: 'x' }],
    completions: [0, 1].map((position) => ({
      position,
      text: String(position),
      safe: null,
      attributes: {},
      thumb: null,
      flags: [],
      edit: null,
    })),
    ranking: [1, 0],
    gaps: [3],
    all_bad: false,
    rationale: 'First thought.',
    active_seconds: 5,
  }

  it('begins with what was said and leases nothing', async () => {
    const server = new FakeServer()
    let isDone = false
    const session = begin(server, () => 1_000, {
      amend: annotation,
      onAmended: () => (isDone = true),
    })
    await session.start()
    await session.heartbeat()
    expect(session.snapshot().queue.map((one) => one.uid)).toEqual(['said'])
    expect(session.snapshot().draft).toMatchObject({ order: [1, 0], gaps: [3] })
    expect([server.extended, session.snapshot().canUndo]).toEqual([[], false])
    choose(session, 0)
    expect(session.submit()).toBeNull()
    await settled()
    expect(server.saved).toMatchObject([{ uid: 'said', body: { ranking: [0, 1], gaps: [3] } }])
    expect(isDone).toBe(true)
    expect(server.drafts.size).toBe(0)
  })

  it('waits for the network like any answer', async () => {
    const server = new FakeServer()
    server.isDown = true
    const session = begin(server, () => 1_000, { amend: annotation })
    await session.start()
    choose(session, 0)
    session.submit()
    await settled()
    expect(session.snapshot().outbox.trouble).toBe('offline')
    const later = begin(server)
    server.isDown = false
    await later.start()
    expect(server.saved).toMatchObject([{ uid: 'said' }])
  })

  it('keeps a change that was begun, says so, and lets it go when asked to', async () => {
    const server = new FakeServer()
    const said = annotation.completions.map((one) => ({ ...one, thumb: 'up' as const }))
    const options = { amend: { ...annotation, completions: said } }
    const first = begin(server, () => 1_000, options)
    await first.start()
    expect(first.snapshot().isResumed).toBe(false)
    choose(first, 0)
    first.pause()
    const second = begin(server, () => 2_000, options)
    await second.start()
    expect(second.snapshot()).toMatchObject({ isResumed: true, draft: { order: [0, 1] } })
    second.leaveAsItWas()
    second.pause()
    const third = begin(server, () => 3_000, options)
    await third.start()
    expect(third.snapshot()).toMatchObject({ isResumed: false, draft: { order: [1, 0] } })
  })
})
