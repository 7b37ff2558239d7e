import { memo } from 'react'
import type { Components } from 'react-markdown'
import ReactMarkdown from 'react-markdown'
import rehypeSanitize from 'rehype-sanitize'
import remarkGfm from 'remark-gfm'
import { CodeBlock } from './code-block'
import classes from './markdown.module.css'
import { ScrollBox } from './scroll-box'

/**
 * Text that a model or a stranger wrote. Raw HTML stays text, images are named and never loaded, links are
 * shown with where they lead and cannot be followed. Headings start below those of the page.
 */
const INERT: Components = {
  a: ({ href, children }) => (
    <span className={classes.link} title={href}>
      {children}
    </span>
  ),
  img: ({ alt }) => <span className={classes.image}>image: {alt || 'without a description'}</span>,
  input: ({ checked }) => (
    <span aria-label={checked ? 'done' : 'open'}>{checked ? '☑' : '☐'} </span>
  ),
  h1: ({ children }) => <h3>{children}</h3>,
  h2: ({ children }) => <h4>{children}</h4>,
  h3: ({ children }) => <h5>{children}</h5>,
  h4: ({ children }) => <h6>{children}</h6>,
  h5: ({ children }) => <h6>{children}</h6>,
  table: ({ children }) => (
    <ScrollBox className={classes.wide} label="Table">
      <table>{children}</table>
    </ScrollBox>
  ),
  pre: ({ children }) => <CodeBlock>{children}</CodeBlock>,
}

export const Markdown = memo(function Markdown({ text }: { text: string }) {
  return (
    <div className={classes.text} dir="auto">
      <ReactMarkdown
        remarkPlugins={[remarkGfm]}
        rehypePlugins={[rehypeSanitize]}
        components={INERT}
      >
        {text}
      </ReactMarkdown>
    </div>
  )
})
