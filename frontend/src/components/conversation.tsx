import type { Message } from '@/lib/types'
import classes from './conversation.module.css'
import { Markdown } from './markdown'

const SPEAKERS: Record<string, string> = { user: 'User', assistant: 'Assistant', system: 'System' }

/** A conversation, turn by turn, each with who speaks. */
export function Conversation({ messages }: { messages: Message[] }) {
  return (
    <ol className={classes.turns}>
      {messages.map((message, index) => (
        <li key={index} className={classes.turn} data-role={message.role}>
          <span className={classes.speaker}>{SPEAKERS[message.role] ?? message.role}</span>
          <Markdown text={message.content} />
        </li>
      ))}
    </ol>
  )
}
