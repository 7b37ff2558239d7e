/** Reading without touching anything counts for this long; what is longer is a break. */
export const LONGEST_PAUSE_MS = 30_000

/** Time spent with the task in sight and in hand: nothing is counted while the page is hidden or idle. */
export class ActiveClock {
  private lastSign: number
  private activeMs: number

  constructor(now: number, seconds = 0) {
    this.lastSign = now
    this.activeMs = seconds * 1000
  }

  /** A sign of life: a key, a scroll, a touch, a pointer that moves. Returns the milliseconds without one. */
  touch(now: number): number {
    const silent = Math.max(0, now - this.lastSign)
    this.activeMs += Math.min(silent, LONGEST_PAUSE_MS)
    this.lastSign = now
    return silent
  }

  /** The page came back into sight: the time away is not counted. */
  resume(now: number): void {
    this.lastSign = now
  }

  isActive(now: number, withinMs: number): boolean {
    return now - this.lastSign <= withinMs
  }

  seconds(): number {
    return Math.round(this.activeMs / 100) / 10
  }
}
