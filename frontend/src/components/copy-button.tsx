import { Button } from '@mantine/core'
import { useState } from 'react'

/** `navigator.clipboard` exists on secure origins only; elsewhere a selection is copied. */
async function copyText(text: string): Promise<void> {
  if (navigator.clipboard) return navigator.clipboard.writeText(text)
  const area = document.createElement('textarea')
  area.value = text
  document.body.append(area)
  area.select()
  document.execCommand('copy')
  area.remove()
}

export function CopyButton({ text, label = 'Copy' }: { text: string; label?: string }) {
  const [said, setSaid] = useState<string | null>(null)
  const copy = () =>
    copyText(text).then(
      () => setSaid('Copied'),
      () => setSaid('Could not copy'),
    )
  return (
    <Button size="compact-xs" variant="default" onClick={() => void copy()} aria-live="polite">
      {said ?? label}
    </Button>
  )
}
