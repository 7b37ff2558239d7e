import { Button, Textarea } from '@mantine/core'
import { useMediaQuery } from '@mantine/hooks'
import type { KeyboardEvent, ReactNode } from 'react'
import { useEffect, useId, useRef, useState } from 'react'
import { KeyCap } from '@/components/key-cap'
import { ProblemNotice } from '@/components/notice'
import type { Limits } from './chat-state'
import { promptFault } from './chat-state'
import classes from './talk.module.css'

interface ComposerProps {
  limits: Limits
  isFirst: boolean
  text: string
  problem: Error | null
  isSending: boolean
  onText: (text: string) => void
  onSend: () => void
  /** What else can be done instead of writing. */
  children: ReactNode
}

/** Where the annotator writes. What cannot be sent is said when they try, and stays written. */
export function Composer(props: ComposerProps) {
  const { limits, text, isSending } = props
  const [hasTried, setTried] = useState(false)
  const area = useRef<HTMLTextAreaElement>(null)
  const hint = useId()
  // A keyboard on the screen has one Enter, and a message has lines.
  const isTouch = useMediaQuery('(pointer: coarse)')
  const fault = promptFault(text, limits)
  useEffect(() => area.current?.focus({ preventScroll: true }), [])
  const send = () => {
    setTried(fault !== null)
    if (fault === null && !isSending) props.onSend()
  }
  const onKeyDown = (event: KeyboardEvent) => {
    // Enter also ends a word that is being composed, in the scripts that need it.
    if (event.key !== 'Enter' || event.shiftKey || isTouch || event.nativeEvent.isComposing) return
    event.preventDefault()
    send()
  }
  const length = [...text].length
  return (
    <form
      className={classes.composer}
      onSubmit={(event) => {
        event.preventDefault()
        send()
      }}
    >
      {props.problem && <ProblemNotice problem={props.problem} />}
      <Textarea
        ref={area}
        label={props.isFirst ? 'Your message' : 'Your next message'}
        autosize
        minRows={2}
        maxRows={10}
        dir="auto"
        value={text}
        error={hasTried && fault}
        aria-describedby={hint}
        onChange={(event) => props.onText(event.currentTarget.value)}
        onKeyDown={onKeyDown}
      />
      <div className={classes.foot}>
        <p id={hint} className={classes.hint}>
          {!isTouch && 'Enter sends, Shift + Enter begins a line.'}
          {length > limits.prompt_max * 0.8 && ` ${length} of ${limits.prompt_max} characters.`}
        </p>
        {props.children}
        <Button
          type="submit"
          size="sm"
          className={classes.send}
          loading={isSending}
          rightSection={<KeyCap>Enter</KeyCap>}
          aria-disabled={fault !== null}
        >
          Send
        </Button>
      </div>
    </form>
  )
}
