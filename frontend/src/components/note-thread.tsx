import { Badge, Button, Textarea } from '@mantine/core'
import { useState } from 'react'
import { useNotes } from '@/lib/notes'
import type { Thread } from '@/lib/types'
import { ProblemNotice } from './notice'
import classes from './note-thread.module.css'
import { RelativeTime } from './relative-time'

interface NoteThreadProps {
  annotation: string
  notes: Thread['notes']
  /** What the field to write in is called: an answer, or a first note. */
  label: string
}

/** The notes about one annotation, and a place to write the next. */
export function NoteThread({ annotation, notes, label }: NoteThreadProps) {
  const [text, setText] = useState('')
  const { write, read } = useNotes(annotation)
  const hasUnread = notes.some((note) => note.is_unread)
  return (
    <div className={classes.thread}>
      {notes.length > 0 && (
        <ol className={classes.notes}>
          {notes.map((note) => (
            <li key={note.uid} data-mine={note.is_mine || undefined}>
              <p className={classes.who}>
                <strong>{note.is_mine ? 'You' : note.author}</strong>{' '}
                <RelativeTime at={note.written_at} />
                {note.is_unread && (
                  <Badge size="sm" radius="sm" tt="none">
                    new
                  </Badge>
                )}
              </p>
              <p className={classes.text} dir="auto">
                {note.text}
              </p>
            </li>
          ))}
        </ol>
      )}
      <form
        className={classes.form}
        onSubmit={(event) => {
          event.preventDefault()
          write.mutate(text.trim(), { onSuccess: () => setText('') })
        }}
      >
        <Textarea
          label={label}
          autosize
          minRows={1}
          maxRows={8}
          maxLength={4000}
          value={text}
          onChange={(event) => setText(event.currentTarget.value)}
        />
        <div className={classes.actions}>
          <Button
            type="submit"
            size="compact-sm"
            variant="default"
            disabled={text.trim() === ''}
            loading={write.isPending}
          >
            Send
          </Button>
          {hasUnread && (
            <Button
              size="compact-sm"
              variant="subtle"
              loading={read.isPending}
              onClick={() => read.mutate()}
            >
              Mark as read
            </Button>
          )}
        </div>
      </form>
      {(write.error ?? read.error) && <ProblemNotice problem={write.error ?? read.error} />}
    </div>
  )
}
