import type { LiveMessage } from '@/lib/types'

export type LinkState = 'connecting' | 'live' | 'waiting' | 'refused'

export interface LiveSocketOptions {
  round: number
  /** The newest event that is already known. */
  after: number
  onMessage: (message: LiveMessage) => void
  onLink: (state: LinkState) => void
  open?: (address: string) => WebSocket
  setTimer?: (act: () => void, milliseconds: number) => () => void
  random?: () => number
}

const FIRST_WAIT_MS = 500
const LONGEST_WAIT_MS = 15_000
/** The server pings every 20 s: two missed ones, and the line is dead even if nobody closed it. */
const SILENCE_MS = 50_000
/** Close codes by which the server says that asking again is of no use. */
const REFUSALS = new Set([4400, 4401, 4403, 4404])

const setTimer = (act: () => void, milliseconds: number) => {
  const timer = setTimeout(act, milliseconds)
  return () => clearTimeout(timer)
}

/** The line to a round's events. It reconnects by itself and asks for what it missed, by number. */
export class LiveSocket {
  private socket: WebSocket | null = null
  private after: number
  private failures = 0
  private isClosed = false
  private stopTimer: () => void = () => undefined

  constructor(private readonly options: LiveSocketOptions) {
    this.after = options.after
    this.connect()
  }

  close(): void {
    this.isClosed = true
    this.stopTimer()
    this.socket?.close()
  }

  /** The network is back: do not wait for the next try. */
  hurry(): void {
    if (this.isClosed || this.socket) return
    this.failures = 0
    this.stopTimer()
    this.connect()
  }

  private connect(): void {
    this.options.onLink('connecting')
    const scheme = location.protocol === 'https:' ? 'wss:' : 'ws:'
    const address = `${scheme}//${location.host}/ws/rounds/${this.options.round}?after=${this.after}`
    const socket = (this.options.open ?? ((url) => new WebSocket(url)))(address)
    this.socket = socket
    socket.onopen = () => {
      this.options.onLink('live')
      this.watch()
    }
    socket.onmessage = (event: MessageEvent<string>) => this.take(event.data)
    socket.onclose = (event: CloseEvent) => this.lost(event.code)
  }

  private take(data: string): void {
    this.failures = 0
    this.watch()
    const message = JSON.parse(data) as LiveMessage
    if (message.kind === 'ping' || message.seq <= this.after) return
    this.after = message.seq
    this.options.onMessage(message)
  }

  private lost(code: number): void {
    this.socket = null
    this.stopTimer()
    if (this.isClosed) return
    if (REFUSALS.has(code)) return this.options.onLink('refused')
    this.options.onLink('waiting')
    const wait = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** this.failures++)
    const jitter = 0.5 + (this.options.random ?? Math.random)() / 2
    this.stopTimer = this.timer(() => this.connect(), wait * jitter)
  }

  private watch(): void {
    this.stopTimer()
    this.stopTimer = this.timer(() => this.socket?.close(), SILENCE_MS)
  }

  private timer(act: () => void, milliseconds: number): () => void {
    return (this.options.setTimer ?? setTimer)(act, milliseconds)
  }
}
