import type { Task } from '@/lib/types'
import type { Held } from './session-types'

/**
 * The comparisons at hand: the first is on the screen, the others are fetched ahead.
 *
 * A fresh answer to "what do I hold?" never takes away the one on the screen; the ones behind it follow
 * the server. `done` names what this browser has already answered: a lease that was asked for earlier
 * may still list it.
 */
export function mergeLeases(queue: Held[], leased: Task[], done: ReadonlySet<string>): Held[] {
  const fresh = leased.filter((task) => !done.has(task.uid))
  const [current] = queue
  if (!current || done.has(current.uid)) return fresh
  const renewed = fresh.find((task) => task.uid === current.uid) ?? current
  return [renewed, ...fresh.filter((task) => task.uid !== current.uid)]
}

export const withoutTask = (queue: Held[], uid: string) => queue.filter((task) => task.uid !== uid)

export const withTaskFirst = (queue: Held[], task: Held) => [task, ...withoutTask(queue, task.uid)]
