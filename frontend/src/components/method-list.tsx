import { Button, Select, VisuallyHidden } from '@mantine/core'
import { useLayoutEffect, useRef, useState } from 'react'
import type { Method } from '@/lib/methods'
import { ALL_METHODS, METHODS } from '@/lib/methods'
import classes from './method-list.module.css'

interface MethodListProps {
  methods: Method[]
  onChange: (methods: Method[]) => void
}

/** How the policy is trained: one method after another, put in order with buttons. */
export function MethodList({ methods, onChange }: MethodListProps) {
  const [told, setTold] = useState('')
  const field = useRef<HTMLFieldSetElement>(null)
  /** What has the focus once the list is drawn again: a moved item would lose it. */
  const wanted = useRef<string | null>(null)
  useLayoutEffect(() => {
    if (wanted.current === null) return
    field.current?.querySelector<HTMLElement>(wanted.current)?.focus()
    wanted.current = null
  })
  const left = ALL_METHODS.filter((method) => !methods.includes(method))

  const move = (from: number, by: -1 | 1) => {
    const to = from + by
    const moved = methods[from]
    const other = methods[to]
    if (moved === undefined || other === undefined) return
    wanted.current = `[data-move="${moved} ${by}"]`
    setTold(`${METHODS[moved].label} is now ${to + 1} of ${methods.length}.`)
    onChange(methods.with(to, moved).with(from, other))
  }
  const remove = (method: Method) => {
    wanted.current = 'input'
    setTold(`${METHODS[method].label} was removed.`)
    onChange(methods.filter((one) => one !== method))
  }
  const add = (method: Method) => {
    setTold(`${METHODS[method].label} was added as number ${methods.length + 1}.`)
    onChange([...methods, method])
  }

  return (
    <fieldset ref={field} className={classes.field}>
      <legend className={classes.legend}>Methods</legend>
      <p className={classes.says}>
        How the policy is trained, one after another; each starts where the one before it ended.
      </p>
      <ol className={classes.list} aria-label="Methods in order">
        {methods.map((method, place) => (
          <li key={method} className={classes.item}>
            <span className={classes.place} aria-hidden>
              {place + 1}
            </span>
            <span className={classes.name}>
              {METHODS[method].label}
              <span className={classes.about}>{METHODS[method].about}</span>
            </span>
            <span className={classes.buttons}>
              {([-1, 1] as const).map((by) => (
                <Button
                  key={by}
                  variant="default"
                  size="compact-sm"
                  data-move={`${method} ${by}`}
                  aria-label={`Move ${METHODS[method].label} ${by < 0 ? 'up' : 'down'}`}
                  aria-disabled={methods[place + by] === undefined}
                  data-disabled={methods[place + by] === undefined || undefined}
                  onClick={() => move(place, by)}
                >
                  {by < 0 ? '↑' : '↓'}
                </Button>
              ))}
              <Button
                variant="default"
                size="compact-sm"
                aria-label={`Remove ${METHODS[method].label}`}
                aria-disabled={methods.length === 1}
                data-disabled={methods.length === 1 || undefined}
                onClick={() => methods.length > 1 && remove(method)}
              >
                Remove
              </Button>
            </span>
          </li>
        ))}
      </ol>
      {left.length > 0 && (
        <Select
          aria-label="Add a method"
          placeholder="Add a method"
          value={null}
          onChange={(method) => method !== null && add(method as Method)}
          data={left.map((method) => ({ value: method, label: METHODS[method].label }))}
        />
      )}
      <VisuallyHidden aria-live="polite">{told}</VisuallyHidden>
    </fieldset>
  )
}
