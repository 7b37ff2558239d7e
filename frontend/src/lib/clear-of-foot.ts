/** The room between what has the focus and the foot, for its outline. */
const MARGIN = 8

/**
 * The ref of an element that sticks to the foot of the window: what gets the focus scrolls clear of it, however
 * high it is, also when the foot grows over it or its surroundings open and move it (WCAG 2.4.11).
 */
export function clearOfFoot(foot: HTMLElement | null): (() => void) | undefined {
  if (!foot) return undefined
  const { style } = document.documentElement
  let isSticky = false
  const uncover = () => {
    const focused = document.activeElement
    if (isSticky && focused && !foot.contains(focused) && isHalfHidden(focused, foot)) {
      focused.scrollIntoView({ block: 'nearest' })
    }
  }
  const observer = new ResizeObserver(() => {
    isSticky = getComputedStyle(foot).position === 'sticky'
    style.scrollPaddingBlockEnd = isSticky ? `${foot.offsetHeight + MARGIN}px` : ''
    uncover()
  })
  observer.observe(foot)
  // Only where the keyboard goes: under a pointer nothing may move between press and click.
  const onFocus = ({ target }: FocusEvent) => {
    if ((target as Element).matches(':focus-visible')) requestAnimationFrame(uncover)
  }
  document.addEventListener('focusin', onFocus)
  return () => {
    observer.disconnect()
    document.removeEventListener('focusin', onFocus)
    style.scrollPaddingBlockEnd = ''
  }
}

/** What lies out of the window altogether is left there: somebody is reading elsewhere. */
function isHalfHidden(element: Element, foot: HTMLElement): boolean {
  const { top, bottom, height } = element.getBoundingClientRect()
  const edge = foot.getBoundingClientRect().top
  const isSeen = bottom > 0 && top < window.innerHeight
  return isSeen && (bottom > edge || top < 0) && height > 1 && height < edge
}
