import { wordChanges } from '@/features/ranking/model/word-diff'
import classes from './text-changes.module.css'

const TAGS = { same: 'span', removed: 'del', added: 'ins' } as const

/** How one text became another, word by word. */
export function TextChanges({ from, to }: { from: string; to: string }) {
  const changes = wordChanges(from, to) ?? [{ text: to, kind: 'same' as const }]
  return (
    <p className={classes.text} dir="auto">
      {changes.map(({ text, kind }, index) => {
        const Tag = TAGS[kind]
        return <Tag key={index}>{text}</Tag>
      })}
    </p>
  )
}
