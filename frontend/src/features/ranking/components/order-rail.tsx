import { useDroppable } from '@dnd-kit/core'
import { horizontalListSortingStrategy, SortableContext, useSortable } from '@dnd-kit/sortable'
import { CSS } from '@dnd-kit/utilities'
import type { KeyboardEvent } from 'react'
import { Fragment, useEffect, useRef } from 'react'
import type { Draft } from '@/features/ranking/model/draft'
import { GAP_KEYS } from '@/features/ranking/model/keys'
import { gapQuestion } from '@/features/ranking/model/words'
import { letterOf, ordinal } from '@/lib/format'
import classes from './order-rail.module.css'

interface OrderRailProps {
  draft: Draft
  k: number
  /** Else the digits answer a question elsewhere. */
  hasKeys?: boolean
  onMove: (position: number, to: number) => void
  onFocusGap: (index: number) => void
}

/** The ranking as it stands: K places, best first, with the margin between each two. */
export function OrderRail({ draft, k, hasKeys = true, onMove, onFocusGap }: OrderRailProps) {
  const isOrdered = draft.order.length === k
  const rail = useRef<HTMLDivElement>(null)
  const movedByKey = useRef<number>(null)
  // A chip that changes its place is a new element there: the focus goes along.
  useEffect(() => {
    if (movedByKey.current === null) return
    rail.current?.querySelector<HTMLElement>(`[data-position="${movedByKey.current}"]`)?.focus()
    movedByKey.current = null
  }, [draft.order])
  const moveByKey = (position: number, to: number) => {
    movedByKey.current = position
    onMove(position, to)
  }
  return (
    <SortableContext
      items={draft.order.map((position) => `chip-${position}`)}
      strategy={horizontalListSortingStrategy}
    >
      <div ref={rail} className={classes.rail} role="group" aria-label="Your ranking, best first">
        {Array.from({ length: k }, (_, place) => (
          <Fragment key={place}>
            {place > 0 && (
              <GapMark
                draft={draft}
                index={place - 1}
                isOpen={isOrdered}
                isWanted={isOrdered && hasKeys && draft.gapFocus === place - 1}
                onFocus={() => onFocusGap(place - 1)}
              />
            )}
            <Slot draft={draft} place={place} onMove={moveByKey} />
          </Fragment>
        ))}
      </div>
    </SortableContext>
  )
}

function Slot({
  draft,
  place,
  onMove,
}: {
  draft: Draft
  place: number
  onMove: OrderRailProps['onMove']
}) {
  const { setNodeRef, isOver } = useDroppable({ id: `slot-${place}` })
  const position = draft.order[place]
  return (
    <div
      ref={setNodeRef}
      className={classes.slot}
      data-over={isOver || undefined}
      data-next={place === draft.order.length || undefined}
    >
      <span className={classes.ordinal}>{ordinal(place)}</span>
      {position === undefined ? (
        <span className={classes.hole} aria-label="empty" role="img" />
      ) : (
        <Chip key={position} position={position} place={place} onMove={onMove} />
      )}
    </div>
  )
}

interface ChipProps {
  position: number
  place: number
  onMove: OrderRailProps['onMove']
}

function Chip({ position, place, onMove }: ChipProps) {
  const { attributes, listeners, setNodeRef, transform, transition, isDragging, active } =
    useSortable({ id: `chip-${position}` })
  const letter = letterOf(position)
  const onKeyDown = (event: KeyboardEvent) => {
    const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key]
    if (by !== undefined && !isDragging && !active) {
      event.preventDefault()
      onMove(position, Math.max(0, place + by))
      return
    }
    listeners?.onKeyDown?.(event)
  }
  return (
    <button
      type="button"
      ref={setNodeRef}
      {...attributes}
      {...listeners}
      onKeyDown={onKeyDown}
      data-enter="submit"
      data-position={position}
      className={classes.chip}
      data-dragging={isDragging || undefined}
      aria-label={`${letter}, ${ordinal(place)}. Arrow keys move it.`}
      style={{
        transform: CSS.Translate.toString(transform),
        transition: transition,
      }}
    >
      {letter}
    </button>
  )
}

interface GapMarkProps {
  draft: Draft
  index: number
  isOpen: boolean
  isWanted: boolean
  onFocus: () => void
}

function GapMark({ draft, index, isOpen, isWanted, onFocus }: GapMarkProps) {
  const gap = draft.gaps[index]
  const choice = gap === undefined ? null : GAP_KEYS.find((key) => key.gap === gap)
  return (
    <button
      type="button"
      className={classes.gap}
      data-enter="submit"
      data-wanted={isWanted || undefined}
      disabled={!isOpen}
      aria-label={
        isOpen ? `${gapQuestion(draft, index)} ${choice?.label ?? 'open'}` : 'margin, open'
      }
      aria-current={isWanted ? 'step' : undefined}
      onClick={onFocus}
    >
      <span className={classes.sign}>{choice?.sign ?? '·'}</span>
      <span className={classes.gapWord}>{choice?.label ?? (isOpen ? 'how much?' : '')}</span>
    </button>
  )
}
