import { useDebouncedCallback, useLocalStorage } from '@mantine/hooks'
import { useEffect, useRef } from 'react'
import type { Conversation } from '@/lib/types'
import { keepPrompt } from './chat-api'

const KEEP_AFTER_MS = 1_500

/** The message being written: in this browser at once, on the server a moment later. */
export function usePromptDraft(campaign: number, user: number, conversation: Conversation | null) {
  const [text, setText] = useLocalStorage({
    key: `plumbline.chat.${user}.${campaign}`,
    defaultValue: '',
    getInitialValueInEffect: false,
  })
  const uid = conversation?.uid
  const keep = useDebouncedCallback((of: string, draft: string) => {
    // It is in this browser in any case; the next change tries again.
    keepPrompt(of, draft).catch(() => undefined)
  }, KEEP_AFTER_MS)
  // What another device wrote is taken where nothing is written here; so is a message that was taken back.
  const kept = conversation?.draft ?? ''
  const taken = useRef('')
  useEffect(() => {
    if (kept !== taken.current && text === '') setText(kept)
    taken.current = kept
  }, [kept, text, setText])
  const write = (draft: string) => {
    setText(draft)
    if (uid) keep(uid, draft)
  }
  const clear = () => {
    keep.cancel()
    taken.current = ''
    setText('')
  }
  return { text, write, clear }
}
