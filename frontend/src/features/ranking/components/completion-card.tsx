import { useDraggable } from '@dnd-kit/core'
import { KeyCap } from '@/components/key-cap'
import { Markdown } from '@/components/markdown'
import { ScrollBox } from '@/components/scroll-box'
import { wordDiff } from '@/features/ranking/model/word-diff'
import { letterOf, ordinal } from '@/lib/format'
import type { Completion } from '@/lib/types'
import { AnswerEditor } from './answer-editor'
import type { Judging } from './card-tools'
import { CardTools } from './card-tools'
import classes from './completion-card.module.css'
import { TextChanges } from './text-changes'

interface CompletionCardProps {
  completion: Completion
  /** Its place in the ranking, 0 the best; null while it has none. */
  place: number | null
  /** The place it would get next. */
  nextPlace: number
  canBePlaced: boolean
  /** The answer whose missing words are marked in this one; null to show it as it was written. */
  against: Completion | null
  onPlace: () => void
  onTakeOut: () => void
  /** Null where the campaign asks nothing of each answer. */
  judging: Judging | null
}

/** One answer, by its letter; its head can be dragged into the ranking. */
export function CompletionCard(props: CompletionCardProps) {
  const { completion, place } = props
  const letter = letterOf(completion.position)
  const { setNodeRef, listeners, isDragging } = useDraggable({
    id: `card-${completion.position}`,
    disabled: !props.canBePlaced,
  })
  const { judging } = props
  return (
    <article
      className={classes.card}
      data-current={judging?.cursor ? true : undefined}
      data-editing={judging?.isEditing || undefined}
      aria-labelledby={`answer-${letter}`}
      data-place={place ?? undefined}
      data-dragging={isDragging || undefined}
    >
      <header
        ref={setNodeRef}
        className={classes.head}
        data-draggable={props.canBePlaced || undefined}
        {...listeners}
      >
        <h2 id={`answer-${letter}`} className={classes.letter}>
          <span className="visually-hidden">Answer </span>
          {letter}
        </h2>
        {props.canBePlaced && <span className={classes.grip} aria-hidden />}
        {props.canBePlaced && <PlaceControl {...props} letter={letter} />}
      </header>
      <ScrollBox className={classes.text} label={`Text of answer ${letter}`}>
        {judging?.isEditing ? (
          <AnswerEditor
            completion={completion}
            edit={judging.said.edit}
            onEdit={(text) =>
              judging.onDraft({ type: 'edit', position: completion.position, text })
            }
            onClose={() => judging.onEdit(false)}
          />
        ) : (
          <AnswerText text={completion.text} against={props.against} />
        )}
        {judging?.asked.canEdit && !judging.isEditing && judging.said.edit !== null && (
          <section className={classes.edited} aria-label={`Your better text of ${letter}`}>
            <h3>Your better text</h3>
            <TextChanges from={completion.text} to={judging.said.edit} />
          </section>
        )}
      </ScrollBox>
      {judging && <CardTools {...judging} />}
    </article>
  )
}

function AnswerText({ text, against }: { text: string; against: Completion | null }) {
  if (text.trim() === '') return <p className={classes.empty}>This answer is empty.</p>
  const pieces = against && wordDiff(text, against.text)
  if (!pieces) return <Markdown text={text} />
  return (
    <>
      <p className={classes.note}>Marked: what {letterOf(against.position)} does not say.</p>
      <p className={classes.plain} dir="auto">
        {pieces.map((piece, index) =>
          piece.isOwn ? (
            <mark key={index}>{piece.text}</mark>
          ) : (
            <span key={index}>{piece.text}</span>
          ),
        )}
      </p>
    </>
  )
}

function PlaceControl(props: CompletionCardProps & { letter: string }) {
  const { letter, place } = props
  if (place !== null) {
    return (
      <span className={classes.placed}>
        <strong>{ordinal(place)}</strong>
        <button
          type="button"
          className={classes.out}
          aria-label={`Take ${letter} out of the ranking`}
          onClick={props.onTakeOut}
        >
          ×
        </button>
      </span>
    )
  }
  return (
    <button type="button" className={classes.place} data-enter="submit" onClick={props.onPlace}>
      Place {ordinal(props.nextPlace)} <KeyCap>{letter}</KeyCap>
    </button>
  )
}
