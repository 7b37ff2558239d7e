import type { ReactNode } from 'react'
import classes from './key-cap.module.css'

/** The key of a button, for the eye: a screen reader has the button's name. */
export function KeyCap({ children }: { children: ReactNode }) {
  return (
    <kbd className={classes.key} aria-hidden>
      {children}
    </kbd>
  )
}
