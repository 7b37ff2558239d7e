import { describe, expect, it } from 'vitest'
import { hasMaths, withDollars } from './maths'

describe('formulas', () => {
  it('are told from money and from plain brackets', () => {
    for (const text of ['$$x$$', 'so \\(a+b\\) is', '\\[\nx\n\\]'])
      expect(hasMaths(text)).toBe(true)
    for (const text of ['$5 and $10', '(a) [b]', '\\n']) expect(hasMaths(text)).toBe(false)
  })

  it('get the dollars that markdown knows', () => {
    expect(withDollars('so \\( a+b \\) is')).toBe('so $$a+b$$ is')
    expect(withDollars('thus \\[x^2\\]')).toBe('thus \n$$\nx^2\n$$\n')
  })

  it('are not looked for in code', () => {
    const code = 'see `\\(x\\)` and\n```\n\\[y\\]\n```\n'
    expect(withDollars(code)).toBe(code)
    expect(withDollars('```\n\\[never closed\\]')).toBe('```\n\\[never closed\\]')
  })
})
