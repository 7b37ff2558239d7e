import { describe, expect, it } from 'vitest'
import { tokensOf, wordChanges, wordDiff } from './word-diff'

const marked = (text: string, other: string) =>
  wordDiff(text, other)
    ?.map((piece) => (piece.isOwn ? `[${piece.text}]` : piece.text))
    .join('')

describe('the difference of two answers', () => {
  it('marks the words that the other lacks, each text its own', () => {
    expect(marked('Dear Nora, thank you.', 'Dear Nora, thanks.')).toBe('Dear Nora, [thank you].')
    expect(marked('Dear Nora, thanks.', 'Dear Nora, thank you.')).toBe('Dear Nora, [thanks].')
  })

  it('marks nothing in equal texts, all of it against nothing, and nothing in nothing', () => {
    expect(marked('same words', 'same words')).toBe('same words')
    expect(marked('all new', '')).toBe('[all new]')
    expect(wordDiff('', 'something')).toEqual([])
  })

  it('finds what was put in the middle', () => {
    expect(marked('one two three four', 'one four')).toBe('one [two three ]four')
  })

  it('loses no sign of the text', () => {
    const text = 'Äpfel, don’t:\n\n- 日本語 «été» 3.5 %'
    expect(tokensOf(text).join('')).toBe(text)
    expect(
      wordDiff(text, 'Äpfel 3')
        ?.map((piece) => piece.text)
        .join(''),
    ).toBe(text)
  })

  it('gives up on texts too long to compare', () => {
    expect(wordDiff('a '.repeat(3000), 'b '.repeat(3000))).toBeNull()
  })

  it('tells how one text becomes the other', () => {
    expect(wordChanges('Dear Nora, thanks.', 'Nora, thanks a lot.')).toEqual([
      { text: 'Dear ', kind: 'removed' },
      { text: 'Nora, thanks', kind: 'same' },
      { text: ' a lot', kind: 'added' },
      { text: '.', kind: 'same' },
    ])
    expect(wordChanges('', 'new')).toEqual([{ text: 'new', kind: 'added' }])
  })

  it('marks in one piece what stands in one piece, whatever the other has there', () => {
    expect(wordDiff('a b c d', 'a x b y c d')).toEqual([{ text: 'a b c d', isOwn: false }])
  })
})
