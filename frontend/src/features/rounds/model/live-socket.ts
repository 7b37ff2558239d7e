import type { SteadySocketOptions } from '@/lib/steady-socket'
import { SteadySocket } from '@/lib/steady-socket'
import type { LiveMessage } from '@/lib/types'

export type { LinkState } from '@/lib/steady-socket'

export interface LiveSocketOptions extends Omit<SteadySocketOptions, 'path' | 'onMessage'> {
  round: number
  /** The newest event that is already known. */
  after: number
  onMessage: (message: LiveMessage) => void
}

/** The line to a round's events. When it reconnects it asks for what it missed, by number. */
export class LiveSocket {
  private after: number
  private readonly socket: SteadySocket

  constructor(private readonly options: LiveSocketOptions) {
    this.after = options.after
    this.socket = new SteadySocket({
      ...options,
      path: () => `/ws/rounds/${options.round}?after=${this.after}`,
      onMessage: (data) => this.take(data),
    })
  }

  close(): void {
    this.socket.close()
  }

  hurry(): void {
    this.socket.hurry()
  }

  private take(data: string): void {
    const message = JSON.parse(data) as LiveMessage
    if (message.kind === 'ping' || message.seq <= this.after) return
    this.after = message.seq
    this.options.onMessage(message)
  }
}
