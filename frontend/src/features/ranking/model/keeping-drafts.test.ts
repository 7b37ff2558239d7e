import { beforeEach, describe, expect, it } from 'vitest'
import { ApiError } from '@/lib/api'
import { begin, choose, FakeServer, settled, task } from './fake-server'
import type { RankingSession } from './ranking-session'

/** A clock and a session on a device of its own: jsdom's two storages are two browsers. */
function device(server: FakeServer, storage: Storage, clock: { now: number }) {
  const plans: { act: () => void; at: number }[] = []
  const session = begin(server, () => clock.now, {
    storage,
    schedule: (act, ms) => void plans.push({ act, at: clock.now + ms }),
  })
  const wait = async (ms: number) => {
    clock.now += ms
    for (const plan of plans.splice(0)) {
      if (plan.at <= clock.now) plan.act()
      else plans.push(plan)
    }
    await settled()
    await settled()
  }
  return { session, wait }
}

describe('drafts', () => {
  let server: FakeServer
  let clock: { now: number }
  beforeEach(() => {
    localStorage.clear()
    sessionStorage.clear()
    server = new FakeServer()
    clock = { now: Date.parse('2026-01-01T12:00:00Z') }
  })
  const laptop = () => device(server, localStorage, clock)
  const phone = () => device(server, sessionStorage, clock)
  const gaps = (session: RankingSession) => session.snapshot().draft.gaps

  it('come to the server when the hand rests, and in a long run now and then', async () => {
    const { session, wait } = laptop()
    await session.start()
    choose(session, 0)
    await wait(1_000)
    choose(session, 1)
    await wait(1_000)
    expect(server.drafts.size).toBe(0)
    await wait(1_000)
    expect(server.drafts.get('one')).toMatchObject({
      version: 1,
      content: { draft: { gaps: [2] } },
    })
    let writes = 0
    const { saveDraft } = server
    server.saveDraft = (uid, draft) => {
      writes++
      return saveDraft(uid, draft)
    }
    for (let second = 0; second < 25; second++) {
      choose(session, second % 2)
      await wait(1_000)
    }
    expect(writes).toBe(2)
  })

  it('are found on another device', async () => {
    const first = laptop()
    server.tasks = [task('one', 4)]
    await first.session.start()
    first.session.dispatch({ type: 'place', position: 2 })
    first.session.dispatch({ type: 'rationale', text: 'because' })
    first.session.pause()
    await settled()
    const second = phone()
    await second.session.start()
    expect(second.session.snapshot().draft).toMatchObject({ order: [2], rationale: 'because' })
    expect(second.session.snapshot().elsewhere).toBeNull()
  })

  it('stay here while the network is away, and go out when it is back', async () => {
    const { session, wait } = laptop()
    await session.start()
    server.isDown = true
    choose(session, 5)
    await wait(3_000)
    expect(gaps(session)).toEqual([2])
    server.isDown = false
    session.retryNow()
    await settled()
    expect(server.drafts.get('one')?.version).toBe(1)
  })

  it('of two devices: the later one is shown, and the other can be had', async () => {
    const first = laptop()
    const second = phone()
    await first.session.start()
    await second.session.start()
    server.isDown = true
    choose(first.session, 0)
    server.isDown = false
    clock.now += 60_000
    choose(second.session, 6)
    await second.wait(2_000)
    // The first device comes back into sight: it learns of the later draft.
    first.session.resume()
    await settled()
    await settled()
    expect(gaps(first.session)).toEqual([3])
    expect(first.session.snapshot().draft.order).toEqual([1, 0])
    expect(first.session.snapshot().elsewhere).toMatchObject({
      shown: 'theirs',
      other: { order: [0, 1] },
    })
    first.session.swapDraft()
    expect(first.session.snapshot()).toMatchObject({
      draft: { order: [0, 1] },
      elsewhere: { shown: 'mine', other: { order: [1, 0] } },
    })
    await first.wait(2_000)
    expect(server.drafts.get('one')).toMatchObject({
      version: 2,
      content: { draft: { order: [0, 1] } },
    })
    first.session.keepShownDraft()
    expect(first.session.snapshot().elsewhere).toBeNull()
  })

  it('of two devices: what is being written now is not taken off the screen', async () => {
    const first = laptop()
    const second = phone()
    await first.session.start()
    await second.session.start()
    choose(first.session, 0)
    await first.wait(2_000)
    choose(second.session, 6)
    await second.wait(2_000)
    expect(second.session.snapshot()).toMatchObject({
      draft: { order: [1, 0] },
      elsewhere: { shown: 'mine', other: { order: [0, 1] } },
    })
    await second.wait(2_000)
    expect(server.drafts.get('one')).toMatchObject({
      version: 2,
      content: { draft: { order: [1, 0] } },
    })
  })

  it('that nobody wrote to are replaced without a word, and alike ones too', async () => {
    const first = laptop()
    const second = phone()
    await first.session.start()
    await second.session.start()
    second.session.pause()
    choose(first.session, 0)
    await first.wait(2_000)
    await second.session.refill()
    expect(second.session.snapshot()).toMatchObject({ draft: { order: [0, 1] }, elsewhere: null })
  })

  it('follow the other tab of the same browser', async () => {
    const first = laptop()
    const second = laptop()
    await first.session.start()
    await second.session.start()
    clock.now += 5
    choose(first.session, 0)
    second.session.followOtherTab({ key: 'plumbline.draft.one', oldValue: null, newValue: '' })
    expect(second.session.snapshot()).toMatchObject({ draft: { order: [0, 1] }, elsewhere: null })
    // Both write to the server over the same version: no notice, the later one stands.
    clock.now += 5
    choose(second.session, 6)
    await first.wait(3_000)
    await second.wait(3_000)
    await second.wait(3_000)
    expect(second.session.snapshot()).toMatchObject({ draft: { order: [1, 0] }, elsewhere: null })
    expect(server.drafts.get('one')?.content.draft).toMatchObject({ order: [1, 0] })
  })

  it('end where another device has answered, and the next comparison comes', async () => {
    const first = laptop()
    const second = phone()
    await first.session.start()
    await second.session.start()
    choose(first.session, 0)
    first.session.submit()
    await settled()
    clock.now += 60_000
    second.session.touch()
    await settled()
    await settled()
    expect(second.session.snapshot().queue[0]?.uid).toBe('two')
    expect(second.session.snapshot().notice).toContain('on another device')
  })

  it('of a comparison that one no longer holds stay on the screen, and one is told', async () => {
    const { session } = laptop()
    await session.start()
    choose(session, 0)
    server.tasks = server.tasks.slice(1)
    server.answered.set('one', 'expired')
    session.resume()
    await settled()
    await settled()
    expect(session.snapshot().queue[0]?.uid).toBe('one')
    expect(session.snapshot().notice).toContain('run out')
    expect(gaps(session)).toEqual([3])
  })

  it('that are too large for the server stay in this browser and are not sent again', async () => {
    const { session, wait } = laptop()
    await session.start()
    let tries = 0
    server.saveDraft = () => {
      tries++
      return Promise.reject(new ApiError(413, 'Too large.'))
    }
    choose(session, 0)
    await wait(2_000)
    await session.heartbeat()
    expect([tries, gaps(session)]).toEqual([1, [3]])
  })

  it('survive a browser without room in its storage, as long as the page is open', async () => {
    const { session } = laptop()
    await session.start()
    const { setItem } = Storage.prototype
    Storage.prototype.setItem = () => {
      throw new DOMException('full', 'QuotaExceededError')
    }
    try {
      server.isDown = true
      choose(session, 0)
      session.submit()
      await settled()
      expect(session.snapshot().outbox.waiting).toHaveLength(1)
      server.isDown = false
      session.retryNow()
      await settled()
      expect(server.saved).toHaveLength(1)
      expect(session.snapshot().outbox).toMatchObject({ waiting: [], trouble: null })
    } finally {
      Storage.prototype.setItem = setItem
    }
  })
})

describe('an answer that came too late', () => {
  beforeEach(() => localStorage.clear())

  it('stays as the draft of its comparison, and counts when it can be taken after all', async () => {
    const server = new FakeServer()
    const session = begin(server)
    await session.start()
    const { submit } = server
    server.submit = () => Promise.reject(new ApiError(409, 'Somebody else has taken it.'))
    choose(session, 5)
    session.submit()
    await settled()
    await settled()
    expect(session.snapshot().outbox.refused).toHaveLength(1)
    expect(server.drafts.get('one')?.content.draft).toMatchObject({ order: [1, 0], gaps: [2] })
    server.submit = submit
    session.retryRefused(session.snapshot().outbox.refused[0]?.clientId ?? '')
    await settled()
    expect(server.saved).toMatchObject([{ uid: 'one', body: { gaps: [2] } }])
    expect(session.snapshot().outbox.refused).toEqual([])
  })
})
