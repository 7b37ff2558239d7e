import type { ComponentProps } from 'react'
import type { Components } from 'react-markdown'
import ReactMarkdown from 'react-markdown'
import rehypeSanitize from 'rehype-sanitize'
import remarkGfm from 'remark-gfm'
import { htmlAsText } from '@/lib/html-as-text'
import { CodeBlock } from './code-block'
import classes from './markdown.module.css'
import { ScrollBox } from './scroll-box'

/** Headings start below those of the page. */
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

type Plugins = Pick<ComponentProps<typeof ReactMarkdown>, 'remarkPlugins' | 'rehypePlugins'>

/**
 * Text that a model or a stranger wrote. Raw HTML is shown as the text it is, images are named and never
 * loaded, links tell where they lead and cannot be followed. What plugins of ours make comes after the cleaning.
 */
export function InertMarkdown({ text, remarkPlugins, rehypePlugins }: { text: string } & Plugins) {
  return (
    <ReactMarkdown
      remarkPlugins={[remarkGfm, htmlAsText, ...(remarkPlugins ?? [])]}
      rehypePlugins={[rehypeSanitize, ...(rehypePlugins ?? [])]}
      components={INERT}
    >
      {text}
    </ReactMarkdown>
  )
}
