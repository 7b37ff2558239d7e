import 'katex/dist/katex.min.css'
import rehypeKatex from 'rehype-katex'
import remarkMath from 'remark-math'
import { withDollars } from '@/lib/maths'
import { InertMarkdown } from './inert-markdown'

// A single dollar is money. What KaTeX cannot read is shown as it was written; its commands that load or
// link are off unless they are trusted, and they are not.
const DOLLARS = { singleDollarTextMath: false }
const KATEX = {
  throwOnError: false,
  strict: false,
  trust: false,
  maxExpand: 200,
  maxSize: 20,
} as const

export default function MathsMarkdown({ text }: { text: string }) {
  return (
    <InertMarkdown
      text={withDollars(text)}
      remarkPlugins={[[remarkMath, DOLLARS]]}
      rehypePlugins={[[rehypeKatex, KATEX]]}
    />
  )
}
