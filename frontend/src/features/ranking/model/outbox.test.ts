import { beforeEach, describe, expect, it, vi } from 'vitest'
import { ApiError, OfflineError } from '@/lib/api'
import type { Task } from '@/lib/types'
import { settled } from './fake-server'
import type { Entry } from './outbox'
import { Outbox } from './outbox'

const task: Task = { uid: 't', deadline: '', prompt: [], completions: [] }

function entry(clientId: string, queuedAt: number): Omit<Entry, 'attempted' | 'refused'> {
  const body = {
    client_id: clientId,
    ranking: [0, 1],
    gaps: [2 as const],
    all_bad: false,
    rationale: '',
    completions: [],
    active_seconds: 1,
  }
  return { clientId, campaign: 1, task, what: { kind: 'submit', body }, queuedAt }
}

function setUp(send: (entry: Entry) => Promise<string>) {
  const retries: { act: () => void; ms: number }[] = []
  const onSent = vi.fn()
  const outbox = new Outbox<string>({
    user: 7,
    storage: localStorage,
    send,
    onSent,
    schedule: (act, ms) => void retries.push({ act, ms }),
  })
  return { outbox, retries, onSent }
}

describe('outbox', () => {
  beforeEach(() => localStorage.clear())

  it('sends what is added and forgets it only when the server has it', async () => {
    let arrive: (value: string) => void = () => undefined
    const { outbox, onSent } = setUp(() => new Promise((resolve) => (arrive = resolve)))
    outbox.add(entry('a', 1))
    expect(outbox.snapshot().waiting).toHaveLength(1)
    expect(localStorage).toHaveLength(1)
    arrive('saved')
    await settled()
    expect(outbox.snapshot().waiting).toEqual([])
    expect(localStorage).toHaveLength(0)
    expect(onSent).toHaveBeenCalledWith(expect.objectContaining({ clientId: 'a' }), 'saved')
  })

  it('keeps everything while offline and sends it in order afterwards, once each', async () => {
    const sent: string[] = []
    let isOnline = false
    const { outbox, retries } = setUp(async (one) => {
      if (!isOnline) throw new OfflineError()
      sent.push(one.clientId)
      return 'saved'
    })
    outbox.add(entry('a', 1))
    outbox.add(entry('b', 2))
    outbox.add(entry('c', 3))
    await settled()
    expect(outbox.snapshot()).toMatchObject({ trouble: 'offline', isSending: false })
    expect(outbox.snapshot().waiting.map((one) => one.clientId)).toEqual(['a', 'b', 'c'])
    isOnline = true
    retries.at(-1)?.act()
    await settled()
    expect(sent).toEqual(['a', 'b', 'c'])
    expect(outbox.snapshot()).toMatchObject({ waiting: [], trouble: null })
  })

  it('finds after a reload what the earlier page could not send', async () => {
    const first = setUp(() => Promise.reject(new OfflineError()))
    first.outbox.add(entry('a', 1))
    await settled()
    const sent: string[] = []
    const second = setUp(async (one) => {
      sent.push(one.clientId)
      return 'saved'
    })
    await second.outbox.flush()
    expect(sent).toEqual(['a'])
  })

  it("leaves another person's work in the same browser alone", async () => {
    localStorage.setItem(
      'plumbline.outbox.8.x',
      JSON.stringify({ ...entry('x', 1), refused: null }),
    )
    const send = vi.fn(async () => 'saved')
    await setUp(send).outbox.flush()
    expect(send).not.toHaveBeenCalled()
  })

  it('waits longer after each failure, and no longer than half a minute', async () => {
    const { outbox, retries } = setUp(() => Promise.reject(new ApiError(503, 'busy')))
    outbox.add(entry('a', 1))
    for (let tries = 0; tries < 7; tries++) {
      await settled()
      retries.at(-1)?.act()
    }
    await settled()
    expect(retries.map((retry) => retry.ms)).toEqual([
      1000, 2000, 4000, 8000, 16000, 30000, 30000, 30000,
    ])
    expect(outbox.snapshot().trouble).toBe('server')
  })

  it('keeps a refused one with its sentence and goes on with the others', async () => {
    const { outbox, onSent } = setUp(async (one) => {
      if (one.clientId === 'a') throw new ApiError(409, 'Somebody else has it by now.')
      return 'saved'
    })
    outbox.add(entry('a', 1))
    outbox.add(entry('b', 2))
    await settled()
    expect(onSent).toHaveBeenCalledTimes(1)
    const { waiting, refused } = outbox.snapshot()
    expect(waiting).toEqual([])
    expect(refused).toMatchObject([{ clientId: 'a', refused: 'Somebody else has it by now.' }])
    outbox.forget('a')
    expect(outbox.snapshot().refused).toEqual([])
  })

  it('stops at a login that ran out, keeps all and plans no retry', async () => {
    const { outbox, retries } = setUp(() => Promise.reject(new ApiError(401, 'Log in.')))
    outbox.add(entry('a', 1))
    await settled()
    expect(outbox.snapshot()).toMatchObject({ trouble: 'login' })
    expect(outbox.snapshot().waiting).toHaveLength(1)
    expect(retries).toEqual([])
  })

  it('gives back only what the server cannot have yet', async () => {
    const { outbox } = setUp(() => Promise.reject(new OfflineError()))
    outbox.add(entry('a', 1))
    outbox.add(entry('b', 2))
    await settled()
    expect(outbox.takeBack('a')).toBeNull()
    expect(outbox.takeBack('b')).toMatchObject({ clientId: 'b' })
    expect(outbox.snapshot().waiting.map((one) => one.clientId)).toEqual(['a'])
  })
})
