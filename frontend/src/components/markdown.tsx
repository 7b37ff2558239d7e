import { lazy, memo, Suspense } from 'react'
import { hasMaths } from '@/lib/maths'
import { InertMarkdown } from './inert-markdown'
import classes from './markdown.module.css'

// Setting maths takes a large library and its fonts: they come with the first formula.
const MathsMarkdown = lazy(() => import('./maths-markdown'))

/** Text as models write it: markdown with tables, code and formulas, cleaned of whatever acts. */
export const Markdown = memo(function Markdown({ text }: { text: string }) {
  const plain = <InertMarkdown text={text} />
  return (
    <div className={classes.text} dir="auto">
      {hasMaths(text) ? (
        <Suspense fallback={plain}>
          <MathsMarkdown text={text} />
        </Suspense>
      ) : (
        plain
      )}
    </div>
  )
})
