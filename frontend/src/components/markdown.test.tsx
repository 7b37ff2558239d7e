import { render, screen, waitFor } from '@testing-library/react'
import { MantineProvider } from '@mantine/core'
import { describe, expect, it } from 'vitest'
import { Markdown } from './markdown'

const show = (text: string) =>
  render(
    <MantineProvider>
      <Markdown text={text} />
    </MantineProvider>,
  ).container.querySelector('div[dir]') as HTMLElement

describe('text that a stranger wrote', () => {
  it('shows HTML as the text it is, as a block and within a sentence', () => {
    const shown = show('<script>alert(1)</script>\n\nbe <b onclick="x()">bold</b>')
    expect(shown.textContent).toContain('<script>alert(1)</script>')
    expect(shown.textContent).toContain('be <b onclick="x()">bold</b>')
    expect(shown.querySelector('script, b')).toBeNull()
  })

  it('neither loads images nor follows links', () => {
    const shown = show(
      '![a cat](https://x.example/c.png) [here](https://x.example) <https://y.example>',
    )
    expect(shown.querySelector('img, a, [src], [href]')).toBeNull()
    expect(shown.textContent).toContain('image: a cat')
    expect(screen.getByTitle('https://x.example').textContent).toBe('here')
  })

  it('begins its headings below those of the page', () => {
    expect(show('# One\n\n###### Six').innerHTML).toMatch(/<h3>One<\/h3>[\s\S]*<h6>Six<\/h6>/)
  })

  it('sets formulas, and shows as written what is none', async () => {
    const shown = show('so \\(x^2\\) and $5')
    await waitFor(() => expect(shown.querySelector('.katex msup')).not.toBeNull())
    expect(shown.textContent).toContain('$5')
  })

  it('gives formulas no way to load or to link', async () => {
    const shown = show(
      '$$\\href{https://x.example}{a}$$ $$\\includegraphics{https://x.example/a.png}$$ $$y$$',
    )
    await waitFor(() => expect(shown.querySelectorAll('.katex').length).toBe(3))
    expect(shown.querySelector('a, img')).toBeNull()
  })
})
