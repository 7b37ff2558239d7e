import { Button, Textarea } from '@mantine/core'
import { useDeferredValue, useState } from 'react'
import { letterOf } from '@/lib/format'
import type { Completion } from '@/lib/types'
import classes from './answer-editor.module.css'
import { TextChanges } from './text-changes'

interface AnswerEditorProps {
  completion: Completion
  /** The better text so far, or null while it is the answer's own. */
  edit: string | null
  onEdit: (text: string | null) => void
  onClose: () => void
}

/** An answer made better: its text to write in, and under it what that changes. */
export function AnswerEditor({ completion, edit, onEdit, onClose }: AnswerEditorProps) {
  const [text, setText] = useState(edit ?? completion.text)
  const shown = useDeferredValue(text)
  const letter = letterOf(completion.position)
  const write = (written: string) => {
    setText(written)
    onEdit(written === completion.text || written.trim() === '' ? null : written)
  }
  return (
    <div className={classes.editor}>
      <Textarea
        label={`A better text of ${letter}`}
        description="Kept as a demonstration. You still rank the text as it was written."
        autosize
        minRows={4}
        maxRows={14}
        maxLength={32_000}
        dir="auto"
        data-autofocus
        value={text}
        ref={(area) => {
          if (area && !area.dataset.seen) {
            area.dataset.seen = 'true'
            area.focus()
          }
        }}
        onChange={(event) => write(event.currentTarget.value)}
        onKeyDown={(event) => event.key === 'Escape' && onClose()}
      />
      {shown !== completion.text && (
        <div>
          <h3 className={classes.title}>What you change</h3>
          <TextChanges from={completion.text} to={shown} />
        </div>
      )}
      <div className={classes.actions}>
        <Button size="compact-sm" variant="default" onClick={onClose}>
          Done (Esc)
        </Button>
        <Button
          size="compact-sm"
          variant="subtle"
          disabled={text === completion.text}
          onClick={() => write(completion.text)}
        >
          Back to the original
        </Button>
      </div>
    </div>
  )
}
