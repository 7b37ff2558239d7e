import { describe, expect, it } from 'vitest'
import { duration, figure, letterOf, ordinal, percent, plural, relativeTime } from './format'
import { parseTemperatures } from './temperatures'

describe('words for numbers', () => {
  const now = Date.parse('2026-01-10T12:00:00Z')

  it.each([
    ['2026-01-10T11:59:40Z', 'just now'],
    ['2026-01-10T11:57:00Z', '3 minutes ago'],
    ['2026-01-10T10:00:00Z', '2 hours ago'],
    ['2026-01-09T12:00:00Z', 'yesterday'],
    ['2026-01-10T12:20:00Z', 'in 20 minutes'],
  ])('says of %s that it is %s', (at, said) => expect(relativeTime(at, now)).toBe(said))

  it.each([
    [0, '0 s'],
    [59.4, '59 s'],
    [200, '3 min 20 s'],
    [3900, '1 h 5 min'],
    [-3, '0 s'],
  ])('says %s seconds as %s', (seconds, said) => expect(duration(seconds)).toBe(said))

  it.each([
    [1234567, '1,234,567'],
    [0.69314, '0.693'],
    [12.3456, '12.35'],
    [-0.2, '−0.2'],
    [0.00004, '4.0e-5'],
    [Number.NaN, '–'],
  ])('writes %s as %s', (value, said) => expect(figure(value)).toBe(said))

  it('keeps a decimal where rounding would say all or nothing', () => {
    expect([0.631, 0.998, 0.001, 1, 0].map(percent)).toEqual([
      '63 %',
      '99.8 %',
      '0.1 %',
      '100 %',
      '0 %',
    ])
  })

  it('names positions and places', () => {
    expect([letterOf(0), letterOf(8), ordinal(0), ordinal(3)]).toEqual(['A', 'I', '1st', '4th'])
    expect([plural(1, 'reply', 'replies'), plural(2, 'reply', 'replies')]).toEqual([
      '1 reply',
      '2 replies',
    ])
  })

  it('reads temperatures and refuses what is none', () => {
    expect(parseTemperatures('0.7, 1 1.2')).toEqual([0.7, 1, 1.2])
    for (const text of ['', 'warm', '6', '-1', '1,,x']) expect(parseTemperatures(text)).toBeNull()
  })
})
