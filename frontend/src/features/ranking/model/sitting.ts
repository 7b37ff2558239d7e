/** Away for this long is a break. */
export const BREAK_MS = 5 * 60_000

/** One stretch of work: it begins at the first sign of life after a break. */
export class Sitting {
  private begunAt: number
  private lastSign: number
  private isTold = false

  /** After `minutes` at work without a break, one is suggested; after 0 none ever is. */
  constructor(
    now: number,
    private readonly minutes: number,
  ) {
    this.begunAt = now
    this.lastSign = now
  }

  get reminder(): string {
    return `You have been at it for ${this.minutes} minutes. A few minutes away help eyes and judgement.`
  }

  touch(now: number): void {
    if (now - this.lastSign >= BREAK_MS) {
      this.begunAt = now
      this.isTold = false
    }
    this.lastSign = now
  }

  /** Whether a break is to be suggested now; true once a sitting. */
  isBreakDue(now: number): boolean {
    if (this.isTold || this.minutes === 0 || now - this.lastSign >= BREAK_MS) return false
    this.isTold = now - this.begunAt >= this.minutes * 60_000
    return this.isTold
  }
}
