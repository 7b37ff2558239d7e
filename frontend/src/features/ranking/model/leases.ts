import { ApiError } from '@/lib/api'
import type { Lease } from '@/lib/types'
import type { Held, RankingApi } from './session-types'

/** The one on the screen and two behind it. */
const WANT = 3

/** Whether the server said no for good: not for want of a login, and not because it is in trouble. */
export const isRefusal = (problem: unknown): problem is ApiError =>
  problem instanceof ApiError && problem.status !== 401 && problem.status < 500

interface LeasesOptions {
  api: RankingApi
  campaign: number
  onLeased: (lease: Lease) => void
  onTrouble: (problem: unknown) => void
}

/** What this person holds on the server: asked for, topped up, and held for longer. */
export class Leases {
  private asking: Promise<void> | null = null
  private mustAskAgain = false

  constructor(private readonly options: LeasesOptions) {}

  /** Top up the comparisons at hand. Asked while an answer is out, it asks once more after that one. */
  refill(): Promise<void> {
    this.mustAskAgain = this.asking !== null
    this.asking ??= this.ask().finally(() => {
      this.asking = null
      if (this.mustAskAgain) void this.refill()
    })
    return this.asking
  }

  /** Hold one for longer; false when the lease has ended. Without an answer nothing is known to be lost. */
  async extend(task: Held): Promise<boolean> {
    try {
      await this.options.api.extendLease(task.uid)
      return true
    } catch (problem) {
      return !isRefusal(problem)
    }
  }

  private async ask(): Promise<void> {
    const { api, campaign, onLeased, onTrouble } = this.options
    try {
      onLeased(await api.lease(campaign, WANT))
    } catch (problem) {
      onTrouble(problem)
    }
  }
}
