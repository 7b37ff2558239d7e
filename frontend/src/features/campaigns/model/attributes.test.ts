import { describe, expect, it } from 'vitest'
import { kindOf, linesOf, moved, nameOf, newAttribute, relabelled, withKind } from './attributes'

const SCALE = { name: '', label: '', kind: 'likert', levels: 5, required: false } as const

describe('the attributes of a campaign', () => {
  it.each([
    ['Helpfulness', 'helpfulness'],
    ['Is it honest?', 'is_it_honest'],
    ['3 Crème brûlée', 'creme_brulee'],
    ['真実', ''],
    ['x'.repeat(60), 'x'.repeat(40)],
  ])('makes of %s the name %s', (label, name) => expect(nameOf(label)).toBe(name))

  it('lets the name follow the label until somebody has chosen one', () => {
    const honest = relabelled(newAttribute(), 'Honesty')
    expect(honest).toMatchObject({ label: 'Honesty', name: 'honesty' })
    expect(relabelled({ ...honest, name: 'truth' }, 'Honest')).toMatchObject({
      label: 'Honest',
      name: 'truth',
    })
  })

  it('changes the kind and keeps what both kinds have', () => {
    const one = withKind({ ...newAttribute(), label: 'Tone', required: true }, 'one')
    expect(one).toEqual({
      name: '',
      label: 'Tone',
      required: true,
      kind: 'choice',
      options: [],
      multiple: false,
    })
    expect(kindOf(withKind(one, 'many'))).toBe('many')
    expect(withKind({ ...SCALE, levels: 7 }, 'scale')).toMatchObject({ levels: 7 })
    expect(withKind(one, 'scale')).toMatchObject({ kind: 'likert', levels: 5 })
  })

  it('moves one in the list, and takes one option a line', () => {
    expect(moved(['a', 'b', 'c'], 2, 0)).toEqual(['c', 'a', 'b'])
    expect(moved(['a', 'b', 'c'], 0, 1)).toEqual(['b', 'a', 'c'])
    expect(linesOf(' warm \n\n curt')).toEqual(['warm', 'curt'])
  })
})
