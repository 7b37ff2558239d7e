import { describe, expect, it } from 'vitest'
import { Sitting } from './sitting'

const MINUTE = 60_000

function workedUntil(sitting: Sitting, from: number, until: number) {
  for (let minute = from; minute <= until; minute++) sitting.touch(minute * MINUTE)
}

describe('a sitting', () => {
  it('suggests a break after fifty minutes of work, once', () => {
    const sitting = new Sitting(0, 50)
    workedUntil(sitting, 0, 49)
    expect(sitting.isBreakDue(49 * MINUTE)).toBe(false)
    workedUntil(sitting, 50, 50)
    expect(sitting.isBreakDue(50 * MINUTE)).toBe(true)
    expect(sitting.isBreakDue(50.5 * MINUTE)).toBe(false)
  })

  it('begins anew after a break of five minutes', () => {
    const sitting = new Sitting(0, 50)
    workedUntil(sitting, 0, 40)
    workedUntil(sitting, 46, 80)
    expect(sitting.isBreakDue(80 * MINUTE)).toBe(false)
    workedUntil(sitting, 81, 96)
    expect(sitting.isBreakDue(96 * MINUTE)).toBe(true)
  })

  it('says nothing to somebody who is away', () => {
    const sitting = new Sitting(0, 50)
    workedUntil(sitting, 0, 48)
    expect(sitting.isBreakDue(54 * MINUTE)).toBe(false)
  })

  it('follows the campaign: after its minutes, or never', () => {
    const short = new Sitting(0, 20)
    workedUntil(short, 0, 20)
    expect(short.isBreakDue(20 * MINUTE)).toBe(true)
    const never = new Sitting(0, 0)
    workedUntil(never, 0, 200)
    expect(never.isBreakDue(200 * MINUTE)).toBe(false)
  })
})
