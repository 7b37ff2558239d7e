import { useEffect, useEffectEvent } from 'react'
import type { Command, KeyPlace, Keymap } from '@/features/ranking/model/keys'
import { commandOf } from '@/features/ranking/model/keys'

const TYPING = 'input, textarea, select, [contenteditable="true"]'
/** Enter on these submits; on any other control it does what the control is for. */
const SUBMITS_ON_ENTER = '[data-enter="submit"]'

function isForThePage(event: KeyboardEvent): boolean {
  const target = event.target instanceof Element ? event.target : document.body
  if (event.defaultPrevented || event.repeat || event.altKey) return false
  if (target.closest('[role="dialog"], [role="menu"], [data-own-keys]')) return false
  if (target.closest(TYPING)) return event.key === 'Enter' && (event.ctrlKey || event.metaKey)
  if (event.ctrlKey || event.metaKey) return false
  const control = target.closest('button, a, summary, [role="button"]')
  return !(event.key === 'Enter' && control && !control.matches(SUBMITS_ON_ENTER))
}

/** The ranking page's keys; they rest while somebody types, and while a dialog is open. */
export function useRankingKeys(
  place: KeyPlace,
  keymap: Keymap | null,
  run: (command: Command) => void,
) {
  const onKey = useEffectEvent((event: KeyboardEvent) => {
    if (!keymap || !isForThePage(event)) return
    const command = commandOf(event, place, keymap)
    if (!command) return
    event.preventDefault()
    run(command)
  })
  useEffect(() => {
    const listener = (event: KeyboardEvent) => onKey(event)
    document.addEventListener('keydown', listener)
    return () => document.removeEventListener('keydown', listener)
  }, [])
}
