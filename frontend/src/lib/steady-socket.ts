export type LinkState = 'connecting' | 'live' | 'waiting' | 'refused'

export interface SteadySocketOptions {
  /** The path to connect to, asked anew each time: it may say what is known already. */
  path: () => string
  onMessage: (data: string) => void
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

/** A websocket that reconnects by itself, waiting longer each time, and notices a line that is dead. */
export class SteadySocket {
  private socket: WebSocket | null = null
  private failures = 0
  private isClosed = false
  private stopTimer: () => void = () => undefined

  constructor(private readonly options: SteadySocketOptions) {
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
    const address = `${scheme}//${location.host}${this.options.path()}`
    const socket = (this.options.open ?? ((url) => new WebSocket(url)))(address)
    this.socket = socket
    socket.onopen = () => {
      this.options.onLink('live')
      this.watch()
    }
    socket.onmessage = (event: MessageEvent<string>) => {
      this.failures = 0
      this.watch()
      this.options.onMessage(event.data)
    }
    socket.onclose = (event: CloseEvent) => this.lost(event.code)
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
