import { useEffect, useRef } from 'react'

const BOXES = 'article > [role="group"]'
const room = (box: Element) => Math.max(1, box.scrollHeight - box.clientHeight)

/** Scrolling one of the answers inside scrolls the others to the same part of their texts. */
export function useScrollTogether(isOn: boolean) {
  const container = useRef<HTMLElement>(null)
  useEffect(() => {
    const element = container.current
    if (!element || !isOn) return
    // What we have scrolled ourselves comes back as an event, and must not be passed on again.
    const expected = new WeakMap<Element, number>()
    const follow = (event: Event) => {
      const moved = event.target
      if (!(moved instanceof Element) || !moved.matches(BOXES)) return
      if (expected.get(moved) === moved.scrollTop) return
      for (const box of element.querySelectorAll(BOXES)) {
        if (box === moved) continue
        box.scrollTop = (moved.scrollTop / room(moved)) * room(box)
        expected.set(box, box.scrollTop)
      }
    }
    element.addEventListener('scroll', follow, { capture: true, passive: true })
    return () => element.removeEventListener('scroll', follow, { capture: true })
  }, [isOn])
  return container
}
