import { TextInput } from '@mantine/core'
import type { CSSProperties, FocusEvent } from 'react'
import { KeyCap } from '@/components/key-cap'
import type { Cursor } from '@/features/ranking/model/cursor'
import type { DraftAction } from '@/features/ranking/model/draft'
import type { Asked, Question } from '@/features/ranking/model/judging'
import { FLAGS } from '@/features/ranking/model/judging'
import type { Keymap } from '@/features/ranking/model/keys'
import { keyName } from '@/features/ranking/model/keys'
import { judgementWords } from '@/features/ranking/model/words'
import { letterOf } from '@/lib/format'
import type { Judgement } from '@/lib/types'
import classes from './card-tools.module.css'
import { QuestionRow } from './question-row'

export interface Judging {
  asked: Asked
  said: Judgement
  /** The question at hand, if it is one about this card. */
  cursor: Cursor | null
  /** The controls are shown, else only what is set. */
  isOpen: boolean
  isEditing: boolean
  keymap: Keymap
  onDraft: (action: DraftAction) => void
  onEdit: (isOpen: boolean) => void
}

/** What is asked of one answer: its questions, its flags and the way to edit it; folded, what was said. */
export function CardTools(props: Judging) {
  const { asked, said, onDraft } = props
  const letter = letterOf(said.position)
  if (!props.isOpen || props.isEditing) {
    return (
      <button
        type="button"
        className={classes.summary}
        onClick={() => {
          props.onEdit(false)
          onDraft({ type: 'look', position: said.position })
        }}
      >
        <span className="visually-hidden">Judge {letter}: </span>
        <Summary asked={asked} said={said} />
      </button>
    )
  }
  const flags = asked.questions.find((question) => question.id === FLAGS)
  const isFlagging = props.cursor?.question === FLAGS
  return (
    <div
      className={classes.tools}
      role="group"
      aria-label={`Your judgement of ${letter}`}
      style={{ '--rows': asked.questions.length } as CSSProperties}
    >
      <div className={classes.questions} data-single={isFlagging || undefined}>
        {asked.questions
          .filter((question) => (question.id === FLAGS) === isFlagging)
          .map((question) => (
            <Row key={question.id} {...props} question={question} />
          ))}
      </div>
      {isFlagging && <Notes {...props} />}
      <div className={classes.buttons}>
        {flags && <FlagButton {...props} flags={flags} />}
        {asked.canEdit && !isFlagging && <EditButton {...props} />}
        {props.cursor && <Hint {...props} />}
      </div>
    </div>
  )
}

function Row({ question, said, cursor, onDraft }: Judging & { question: Question }) {
  const { position } = said
  const isCurrent = cursor?.question === question.id
  // Only where the keyboard goes: under a pointer nothing may move between press and click.
  const follow = (event: FocusEvent) => {
    if (isCurrent || !event.target.matches(':focus-visible')) return
    onDraft({ type: 'go', cursor: { position, question: question.id } })
  }
  return (
    <div onFocus={follow}>
      <QuestionRow
        question={question}
        said={said}
        isCurrent={isCurrent}
        onChoose={(option) => onDraft({ type: 'choose', position, question: question.id, option })}
      />
    </div>
  )
}

/** The keys that lead away from the question at hand, for the eye. */
function Hint({ asked, keymap }: Judging) {
  return (
    <span className={classes.hint} aria-hidden>
      <span>
        <KeyCap>{keyName(keymap.next)}</KeyCap> next
      </span>
      <span>
        <KeyCap>{keyName(keymap.previous)}</KeyCap> back
      </span>
      {!asked.isOneSided && (
        <span>
          <KeyCap>Esc</KeyCap> ranking
        </span>
      )}
    </span>
  )
}

function FlagButton({ flags, said, cursor, keymap, onDraft }: Judging & { flags: Question }) {
  const { position } = said
  const isOpen = cursor?.question === FLAGS
  const reasons = flags.chosen(said).map((index) => flags.options[index])
  return (
    <button
      type="button"
      className={classes.tool}
      aria-expanded={isOpen}
      data-raised={reasons.length > 0 || undefined}
      onClick={() =>
        onDraft(
          isOpen
            ? { type: 'look', position }
            : { type: 'go', cursor: { position, question: FLAGS } },
        )
      }
    >
      {isOpen ? 'Done' : reasons.length > 0 ? `Flagged: ${reasons.join(', ')}` : 'Flag'}
      <KeyCap>{keyName(keymap.flag)}</KeyCap>
    </button>
  )
}

function EditButton({ said, isEditing, keymap, onEdit }: Judging) {
  return (
    <button
      type="button"
      className={classes.tool}
      aria-expanded={isEditing}
      onClick={() => onEdit(!isEditing)}
    >
      {said.edit === null ? 'Edit' : 'Edited'}
      <KeyCap>{keyName(keymap.edit)}</KeyCap>
    </button>
  )
}

/** For each flag that is raised, room for a word about it. */
function Notes({ said, onDraft }: Judging) {
  return said.flags.map(({ reason, note }) => (
    <TextInput
      key={reason}
      size="xs"
      className={classes.note}
      label={`A note on “${reason}” (optional)`}
      maxLength={1000}
      value={note}
      onChange={(event) =>
        onDraft({
          type: 'note',
          position: said.position,
          reason,
          text: event.currentTarget.value,
        })
      }
    />
  ))
}

function Summary({ asked, said }: Pick<Judging, 'asked' | 'said'>) {
  const isOpen = (question: Question) => question.chosen(said).length === 0
  const missing = asked.questions.filter((question) => question.isRequired && isOpen(question))
  const words = judgementWords(said, asked)
  return (
    <>
      {words.map((word) => (
        <span key={word} className={classes.pill}>
          {word}
        </span>
      ))}
      {missing.length > 0 && <span className={classes.open}>{missing.length} to answer</span>}
      {words.length + missing.length === 0 && <span className={classes.open}>not judged yet</span>}
    </>
  )
}
