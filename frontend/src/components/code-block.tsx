import type { ReactNode } from 'react'
import { isValidElement, lazy, Suspense } from 'react'
import classes from './code-block.module.css'
import { CopyButton } from './copy-button'
import { ScrollBox } from './scroll-box'

// The grammars are large and most answers hold no code: they come when the first code does.
const HighlightedCode = lazy(() => import('./highlighted-code'))

/** A block of code as markdown made it: a `code` element in a `pre`. */
export function CodeBlock({ children }: { children: ReactNode }) {
  const { className = '', children: content } = isValidElement<CodeProps>(children)
    ? children.props
    : { children }
  const text = String(content).replace(/\n$/, '')
  const language = /language-(\S+)/.exec(className)?.[1] ?? ''
  return (
    <div className={classes.block} dir="ltr">
      <div className={classes.head}>
        <span>{language}</span>
        <CopyButton text={text} />
      </div>
      <ScrollBox className={classes.code} label={`Code ${language}`}>
        <pre>
          <code>
            <Suspense fallback={text}>
              {language === '' ? text : <HighlightedCode text={text} language={language} />}
            </Suspense>
          </code>
        </pre>
      </ScrollBox>
    </div>
  )
}

interface CodeProps {
  className?: string
  children?: ReactNode
}
