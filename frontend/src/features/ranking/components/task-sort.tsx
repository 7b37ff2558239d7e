import type { DragEndEvent } from '@dnd-kit/core'
import {
  DndContext,
  DragOverlay,
  KeyboardSensor,
  pointerWithin,
  closestCenter,
  PointerSensor,
  useSensor,
  useSensors,
} from '@dnd-kit/core'
import type { CollisionDetection, UniqueIdentifier } from '@dnd-kit/core'
import { sortableKeyboardCoordinates } from '@dnd-kit/sortable'
import type { ReactNode } from 'react'
import { useState } from 'react'
import { letterOf } from '@/lib/format'
import classes from './task-sort.module.css'

const numberIn = (id: UniqueIdentifier) => Number(String(id).split('-')[1])
const letterIn = (id: UniqueIdentifier) => letterOf(numberIn(id))

/** A card may be dropped only where the pointer is; a chip goes to the nearest place. */
const detect: CollisionDetection = (args) =>
  String(args.active.id).startsWith('card') ? pointerWithin(args) : closestCenter(args)

interface TaskSortProps {
  order: number[]
  onMove: (position: number, to: number) => void
  onDragging: (isDragging: boolean) => void
  children: ReactNode
}

/** Lets the heads of the cards be dragged into the ranking, and the ranking be reordered. */
export function TaskSort({ order, onMove, onDragging, children }: TaskSortProps) {
  const [dragged, setDragged] = useState<UniqueIdentifier | null>(null)
  const sensors = useSensors(
    useSensor(PointerSensor, { activationConstraint: { distance: 6 } }),
    useSensor(KeyboardSensor, {
      coordinateGetter: sortableKeyboardCoordinates,
      keyboardCodes: { start: ['Space'], cancel: ['Escape'], end: ['Space'] },
    }),
  )
  const stop = () => {
    setDragged(null)
    onDragging(false)
  }
  const drop = ({ active, over }: DragEndEvent) => {
    stop()
    if (!over || over.id === active.id) return
    const target = numberIn(over.id)
    const place = String(over.id).startsWith('slot') ? target : order.indexOf(target)
    onMove(numberIn(active.id), Math.min(place, order.length))
  }
  return (
    <DndContext
      sensors={sensors}
      collisionDetection={detect}
      onDragStart={({ active }) => {
        setDragged(active.id)
        onDragging(true)
      }}
      onDragEnd={drop}
      onDragCancel={stop}
      accessibility={{
        screenReaderInstructions: {
          draggable:
            'Arrow keys move it. Or press Space, move it with the arrows, and press Space again.',
        },
        announcements: {
          onDragStart: ({ active }) => `${letterIn(active.id)} is lifted.`,
          onDragOver: () => undefined,
          onDragEnd: ({ active }) => `${letterIn(active.id)} is put down.`,
          onDragCancel: ({ active }) => `${letterIn(active.id)} is back where it was.`,
        },
      }}
    >
      {children}
      <DragOverlay dropAnimation={null}>
        {dragged !== null && String(dragged).startsWith('card') && (
          <span className={classes.lifted}>{letterIn(dragged)}</span>
        )}
      </DragOverlay>
    </DndContext>
  )
}
