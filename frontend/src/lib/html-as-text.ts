interface Node {
  type: string
  value?: string
  children?: Node[]
}

const PARAGRAPHS_IN = new Set(['root', 'blockquote', 'listItem'])

function converted(parent: Node): void {
  if (!parent.children) return
  parent.children = parent.children.map((child) => {
    if (child.type !== 'html') {
      converted(child)
      return child
    }
    const text: Node = { type: 'text', value: child.value }
    return PARAGRAPHS_IN.has(parent.type) ? { type: 'paragraph', children: [text] } : text
  })
}

/**
 * A remark plugin: raw HTML becomes the text it is written as. Without it the cleaning takes HTML out
 * without a trace, and whoever compares answers would not see what a model wrote.
 */
export const htmlAsText = () => (tree: unknown) => converted(tree as Node)
