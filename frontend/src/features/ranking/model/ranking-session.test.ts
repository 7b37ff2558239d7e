import { beforeEach, describe, expect, it, vi } from 'vitest'
import { ApiError } from '@/lib/api'
import { settingsWith } from '@/lib/settings-for-tests'
import { begin, choose, FakeServer, progress, settled, task } from './fake-server'

describe('a ranking session', () => {
  beforeEach(() => localStorage.clear())

  it('shows the next comparison before the save has been answered', async () => {
    const server = new FakeServer()
    const session = begin(server)
    await session.start()
    choose(session, 0)
    expect(session.submit()).toBeNull()
    expect(session.snapshot().queue[0]?.uid).toBe('two')
    expect(session.snapshot().draft.order).toEqual([])
    expect(server.saved).toEqual([])
    await settled()
    expect(server.saved).toMatchObject([{ uid: 'one', body: { ranking: [0, 1], gaps: [3] } }])
    expect(session.snapshot().progress?.mine).toBe(1)
  })

  it('says what is missing and sends nothing when submitted too early', async () => {
    const server = new FakeServer()
    const session = begin(server)
    await session.start()
    expect(session.submit()).toEqual({ kind: 'place', place: 0 })
    await settled()
    expect(server.saved).toEqual([])
  })

  it('follows a campaign that asks otherwise meanwhile', async () => {
    const server = new FakeServer()
    const session = begin(server)
    await session.start()
    choose(session, 0)
    session.follow(settingsWith({ safety: 'required' }))
    expect(session.submit()).toEqual({ kind: 'judge', at: { position: 0, question: 'safe' } })
    session.dispatch({ type: 'choose', position: 0, question: 'safe', option: 0 })
    session.dispatch({ type: 'rationale', text: 'kinder' })
    session.follow(settingsWith({ rationale: 'off' }))
    expect(session.submit()).toBeNull()
    await settled()
    expect(server.saved).toMatchObject([{ body: { completions: [], rationale: '' } }])
  })

  it('goes on without a network and saves everything once it is back', async () => {
    const server = new FakeServer()
    const session = begin(server)
    await session.start()
    server.isDown = true
    for (const choice of [0, 3, 6]) {
      choose(session, choice)
      session.submit()
    }
    await settled()
    expect(session.snapshot().outbox.trouble).toBe('offline')
    expect(session.snapshot().queue).toEqual([])
    server.isDown = false
    session.retryNow()
    await settled()
    await settled()
    expect(server.saved.map((one) => one.uid)).toEqual(['one', 'two', 'three'])
    expect(session.snapshot().queue.map((one) => one.uid)).toEqual(['four'])
  })

  it('goes on after a reload without a network with what this browser has kept', async () => {
    const server = new FakeServer()
    const before = begin(server)
    await before.start()
    choose(before, 0)
    before.submit()
    await settled()
    choose(before, 6)
    server.isDown = true
    const after = begin(server)
    await after.start()
    expect(after.snapshot()).toMatchObject({ isOffline: true, isStarting: false })
    expect(after.snapshot().notice).toContain('what your browser has kept')
    expect(after.snapshot().queue.map((one) => one.uid)).toEqual(['two', 'three', 'four'])
    expect(after.snapshot().draft.order).toEqual([1, 0])
    expect(after.submit()).toBeNull()
    server.isDown = false
    after.retryNow()
    await settled()
    await settled()
    expect(after.snapshot()).toMatchObject({ isOffline: false, notice: null })
    expect(server.saved.map((one) => one.uid)).toEqual(['one', 'two'])
  })

  it('shows after a reload without a network nothing that was answered meanwhile', async () => {
    const server = new FakeServer()
    const before = begin(server)
    await before.start()
    server.isDown = true
    choose(before, 0)
    before.submit()
    await settled()
    const after = begin(server)
    await after.start()
    expect(after.snapshot().queue.map((one) => one.uid)).toEqual(['two', 'three'])
    expect(after.snapshot().outbox.waiting).toHaveLength(1)
  })

  it('brings a draft back after a reload', async () => {
    const server = new FakeServer()
    server.tasks = [task('one', 4)]
    const first = begin(server)
    await first.start()
    first.dispatch({ type: 'place', position: 2 })
    first.dispatch({ type: 'place', position: 0 })
    first.dispatch({ type: 'rationale', text: 'because' })
    const second = begin(server)
    await second.start()
    expect(second.snapshot().draft).toMatchObject({ order: [2, 0], rationale: 'because' })
  })

  it('keeps an open gap open and an equal one equal through a reload', async () => {
    const server = new FakeServer()
    server.tasks = [task('one', 3)]
    const first = begin(server)
    await first.start()
    first.dispatch({ type: 'place', position: 2 })
    first.dispatch({ type: 'place', position: 0 })
    first.dispatch({ type: 'gap', gap: null })
    const second = begin(server)
    await second.start()
    expect(second.snapshot().draft.gaps).toEqual([null, undefined])
  })

  it('undoes a saved ranking and brings it back as it was', async () => {
    const server = new FakeServer()
    const session = begin(server)
    await session.start()
    choose(session, 5)
    session.submit()
    await settled()
    await session.undo()
    expect(server.saved).toEqual([])
    expect(session.snapshot().queue[0]?.uid).toBe('one')
    expect(session.snapshot().draft).toMatchObject({ order: [1, 0], gaps: [2] })
    expect(session.submit()).toBeNull()
    await settled()
    expect(server.saved).toMatchObject([{ uid: 'one' }])
  })

  it('undoes after a reload too', async () => {
    const server = new FakeServer()
    const first = begin(server)
    await first.start()
    choose(first, 5)
    first.submit()
    await settled()
    const second = begin(server)
    await second.start()
    expect(second.snapshot().canUndo).toBe(true)
    await second.undo()
    expect(second.snapshot().queue[0]?.uid).toBe('one')
  })

  it('undoes without the server what the server has not been sent', async () => {
    const server = new FakeServer()
    const session = begin(server)
    await session.start()
    server.isDown = true
    choose(session, 0)
    session.submit()
    choose(session, 6)
    session.submit()
    await settled()
    await session.undo()
    expect(session.snapshot().queue[0]?.uid).toBe('two')
    expect(session.snapshot().draft.gaps).toEqual([3])
    await session.undo()
    expect(session.snapshot().notice).toContain('when the connection is back')
  })

  it('says so when the server will not undo, and offers it no more', async () => {
    const server = new FakeServer()
    const session = begin(server)
    await session.start()
    choose(session, 0)
    session.submit()
    await settled()
    server.refusal = new ApiError(409, 'The round has gone on.')
    await session.undo()
    expect(session.snapshot().notice).toBe('Nothing was undone. The round has gone on.')
    expect(session.snapshot().canUndo).toBe(false)
  })

  it('keeps the work that the server refuses', async () => {
    const server = new FakeServer()
    const session = begin(server)
    await session.start()
    server.refusal = new ApiError(409, 'Your hold has run out and somebody else has it.')
    choose(session, 0)
    session.submit()
    await settled()
    expect(session.snapshot().outbox.refused).toMatchObject([
      { task: { uid: 'one' }, refused: 'Your hold has run out and somebody else has it.' },
    ])
  })

  it('does not show again what was just submitted when an older answer still lists it', async () => {
    const server = new FakeServer()
    const session = begin(server)
    await session.start()
    const listed = [...server.tasks]
    server.lease = vi.fn(async () => ({ assignments: listed, progress }))
    choose(session, 0)
    session.submit()
    await session.refill()
    expect(session.snapshot().queue.map((one) => one.uid)).toEqual(['two', 'three', 'four'])
  })

  it('holds its leases while somebody is at work and lets them go when nobody is', async () => {
    let now = 0
    const server = new FakeServer()
    const session = begin(server, () => now)
    await session.start()
    now = 60_000
    await session.heartbeat()
    expect(server.extended).toEqual(['one', 'two', 'three'])
    now = 60 * 60_000
    await session.heartbeat()
    expect(server.extended).toHaveLength(3)
  })

  it('tells when the hold has run out and keeps the comparison on the screen', async () => {
    const server = new FakeServer()
    const session = begin(server)
    await session.start()
    server.refusal = new ApiError(409, 'expired')
    await session.heartbeat()
    expect(session.snapshot().notice).toContain('run out')
    expect(session.snapshot().queue.map((one) => one.uid)).toEqual(['one'])
  })

  it('counts reading as time, but neither breaks nor the page out of sight', async () => {
    let now = 0
    const server = new FakeServer()
    const session = begin(server, () => now)
    await session.start()
    now = 20_000
    session.touch()
    now = 20 * 60_000
    session.resume()
    now += 10_000
    choose(session, 0)
    session.submit()
    await settled()
    expect(server.saved[0]?.body.active_seconds).toBe(30)
  })

  it('suggests a break after a long sitting', async () => {
    let now = 0
    const session = begin(new FakeServer(), () => now)
    await session.start()
    for (; now <= 50 * 60_000; now += 60_000) session.touch()
    session.remindOfBreak()
    expect(session.snapshot().notice).toContain('for 50 minutes')
  })

  it('drops from the screen what another tab has answered', async () => {
    const server = new FakeServer()
    const here = begin(server)
    const there = begin(server, () => 2_000)
    await here.start()
    await there.start()
    server.isDown = true
    choose(there, 0)
    there.submit()
    const key = 'plumbline.outbox.7.id-2000-1'
    here.followOtherTab({ key, oldValue: null, newValue: localStorage.getItem(key) })
    expect(here.snapshot().queue[0]?.uid).toBe('two')
  })
})
