import { expect, it } from 'vitest'
import { isSameChoice, withAt } from './choice'

const choice = { ranking: [2, 0, 1], gaps: [3 as const, null] }

it('lets two completions change places', () => {
  expect(withAt(choice, 0, 1)).toEqual({ ranking: [1, 0, 2], gaps: [3, null] })
  expect(withAt(choice, 1, 0)).toEqual(choice)
})

it('knows whether a choice was changed', () => {
  expect(isSameChoice(choice, { ...choice, gaps: [3, null] })).toBe(true)
  expect(isSameChoice(choice, { ...choice, gaps: [3, 0] })).toBe(false)
})
