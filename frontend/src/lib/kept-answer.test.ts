import { afterEach, describe, expect, it, vi } from 'vitest'
import { ApiError, OfflineError } from './api'
import { dropKeptAnswers, keptAnswer } from './kept-answer'

const answers = (body: unknown, status = 200) =>
  vi.spyOn(globalThis, 'fetch').mockResolvedValue(Response.json(body, { status }))
const isAway = () => vi.spyOn(globalThis, 'fetch').mockRejectedValue(new TypeError('away'))

describe('an answer that is kept', () => {
  afterEach(() => localStorage.clear())

  it('is the newest one, and the last one that came where the server cannot be reached', async () => {
    answers({ name: 'old' })
    await keptAnswer('/campaigns/1')
    answers({ name: 'new' })
    expect(await keptAnswer('/campaigns/1')).toEqual({ name: 'new' })
    isAway()
    expect(await keptAnswer('/campaigns/1')).toEqual({ name: 'new' })
    await expect(keptAnswer('/campaigns/2')).rejects.toThrow(OfflineError)
  })

  it('does not stand for a refusal, and is gone with whoever logs out', async () => {
    answers({ name: 'mine' })
    await keptAnswer('/campaigns/1')
    answers({ detail: 'No.' }, 403)
    await expect(keptAnswer('/campaigns/1')).rejects.toThrow(ApiError)
    localStorage.setItem('plumbline.draft.x', 'stays')
    dropKeptAnswers()
    isAway()
    await expect(keptAnswer('/campaigns/1')).rejects.toThrow(OfflineError)
    expect(localStorage.getItem('plumbline.draft.x')).toBe('stays')
  })
})
