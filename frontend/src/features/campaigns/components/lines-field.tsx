import { Textarea } from '@mantine/core'
import { useState } from 'react'
import { linesOf } from '@/features/campaigns/model/attributes'

interface LinesFieldProps {
  label: string
  description?: string
  lines: string[]
  error?: string | null
  onChange: (lines: string[]) => void
}

/** Some short texts, one a line; a line that is being written stays as it is. */
export function LinesField({ label, description, lines, error, onChange }: LinesFieldProps) {
  const [text, setText] = useState(lines.join('\n'))
  return (
    <Textarea
      label={label}
      description={description}
      autosize
      minRows={2}
      maxRows={12}
      value={text}
      error={error}
      onChange={(event) => {
        setText(event.currentTarget.value)
        onChange(linesOf(event.currentTarget.value))
      }}
    />
  )
}
