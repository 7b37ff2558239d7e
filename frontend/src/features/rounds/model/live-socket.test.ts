import { beforeEach, describe, expect, it } from 'vitest'
import type { LiveMessage } from '@/lib/types'
import type { LinkState } from './live-socket'
import { LiveSocket } from './live-socket'

class FakeSocket {
  onopen: (() => void) | null = null
  onmessage: ((event: { data: string }) => void) | null = null
  onclose: ((event: { code: number }) => void) | null = null
  constructor(readonly address: string) {}
  close() {
    this.onclose?.({ code: 1000 })
  }
  say(message: unknown) {
    this.onmessage?.({ data: JSON.stringify(message) })
  }
}

describe('the line to a round', () => {
  let sockets: FakeSocket[]
  let timers: { act: () => void; ms: number; isStopped: boolean }[]
  let heard: LiveMessage[]
  let links: LinkState[]

  const connect = (after = 7) =>
    new LiveSocket({
      round: 4,
      after,
      onMessage: (message) => heard.push(message),
      onLink: (state) => links.push(state),
      open: (address) => {
        sockets.push(new FakeSocket(address))
        return sockets.at(-1) as unknown as WebSocket
      },
      setTimer: (act, ms) => {
        const timer = { act, ms, isStopped: false }
        timers.push(timer)
        return () => (timer.isStopped = true)
      },
      random: () => 1,
    })
  const newest = () => sockets.at(-1) as FakeSocket
  const message = (seq: number) => ({ seq, kind: 'samples', at: '', payload: { completions: [] } })
  const lose = (code = 1006) => newest().onclose?.({ code })
  const fire = () =>
    timers
      .filter((timer) => !timer.isStopped)
      .at(-1)
      ?.act()

  beforeEach(() => {
    sockets = []
    timers = []
    heard = []
    links = []
  })

  it('asks for what came after the round that it was given', () => {
    connect(7)
    expect(newest().address).toMatch(/^ws:\/\/.*\/ws\/rounds\/4\?after=7$/)
  })

  it('asks after a break for what it has missed', () => {
    connect(7)
    newest().onopen?.()
    newest().say(message(8))
    newest().say(message(9))
    lose()
    fire()
    expect(newest().address).toContain('after=9')
    expect(links).toEqual(['connecting', 'live', 'waiting', 'connecting'])
  })

  it('passes on no message twice and no ping at all', () => {
    connect(7)
    for (const sent of [message(8), message(8), message(7), { kind: 'ping' }]) newest().say(sent)
    expect(heard).toHaveLength(1)
  })

  it('waits longer after each failure, up to a quarter of a minute, and begins anew when heard again', () => {
    connect()
    const waits = Array.from({ length: 7 }, () => {
      lose()
      const wait = timers.at(-1)?.ms
      fire()
      return wait
    })
    expect(waits).toEqual([500, 1000, 2000, 4000, 8000, 15000, 15000])
    newest().say({ kind: 'ping' })
    lose()
    expect(timers.at(-1)?.ms).toBe(500)
  })

  it('gives a silent line up and connects again', () => {
    connect()
    newest().onopen?.()
    fire()
    expect(links.at(-1)).toBe('waiting')
    fire()
    expect(sockets).toHaveLength(2)
  })

  it.each([4401, 4403, 4404])('does not ask again after refusal %i', (code) => {
    connect()
    lose(code)
    expect(links.at(-1)).toBe('refused')
    expect(timers.filter((timer) => !timer.isStopped)).toEqual([])
  })

  it('does not come back after it was closed', () => {
    const line = connect()
    line.close()
    expect(sockets).toHaveLength(1)
    expect(timers.filter((timer) => !timer.isStopped)).toEqual([])
  })

  it('does not wait when the network is back', () => {
    const line = connect()
    lose()
    line.hurry()
    expect(sockets).toHaveLength(2)
  })
})
