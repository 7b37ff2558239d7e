import { Button, TextInput } from '@mantine/core'
import { useState } from 'react'
import classes from './skip-form.module.css'

const COMMON = ['I cannot judge this', 'The prompt is unclear', 'An answer is broken']

/** Skip, with a reason if one likes to give it. */
export function SkipForm({
  onSkip,
  onClose,
}: {
  onSkip: (reason: string) => void
  onClose: () => void
}) {
  const [reason, setReason] = useState('')
  return (
    <form
      className={classes.form}
      data-own-keys
      aria-label="Skip this comparison"
      onSubmit={(event) => {
        event.preventDefault()
        onSkip(reason.trim())
      }}
    >
      <TextInput
        className={classes.reason}
        label="Why skip it? (optional)"
        value={reason}
        maxLength={500}
        data-autofocus
        ref={(input) => input?.focus()}
        onChange={(event) => setReason(event.currentTarget.value)}
        onKeyDown={(event) => event.key === 'Escape' && onClose()}
      />
      <div className={classes.common}>
        {COMMON.map((text) => (
          <Button key={text} size="compact-sm" variant="default" onClick={() => setReason(text)}>
            {text}
          </Button>
        ))}
      </div>
      <div className={classes.actions}>
        <Button variant="default" onClick={onClose}>
          Back (Esc)
        </Button>
        <Button type="submit">Skip it (Enter)</Button>
      </div>
    </form>
  )
}
