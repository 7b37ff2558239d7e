import type { ReactNode } from 'react'

interface ScrollBoxProps {
  label: string
  className?: string
  children: ReactNode
}

/** A box whose content may scroll in it: the keyboard can reach it, and a screen reader names it. */
export function ScrollBox({ label, className, children }: ScrollBoxProps) {
  return (
    // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- else only a mouse could scroll it
    <div tabIndex={0} role="group" aria-label={label} className={className}>
      {children}
    </div>
  )
}
