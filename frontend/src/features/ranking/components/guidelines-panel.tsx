import { CloseButton } from '@mantine/core'
import { Markdown } from '@/components/markdown'
import { ScrollBox } from '@/components/scroll-box'
import classes from './guidelines-panel.module.css'

/** The campaign's guidelines, beside the task and never over it where there is room. */
export function GuidelinesPanel({ text, onClose }: { text: string; onClose: () => void }) {
  return (
    <aside className={classes.panel} data-panel="guidelines" aria-label="Guidelines">
      <header className={classes.head}>
        <h2>Guidelines</h2>
        <CloseButton aria-label="Close the guidelines" onClick={onClose} />
      </header>
      <ScrollBox className={classes.text} label="Text of the guidelines">
        {text.trim() ? (
          <Markdown text={text} />
        ) : (
          <p>This campaign has no guidelines written down yet.</p>
        )}
      </ScrollBox>
    </aside>
  )
}
