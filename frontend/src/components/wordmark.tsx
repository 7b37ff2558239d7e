import { Link } from '@tanstack/react-router'
import classes from './wordmark.module.css'

export function Wordmark({ isCompact = false }: { isCompact?: boolean }) {
  return (
    <Link to="/" className={classes.mark} aria-label="Plumbline, home">
      <svg viewBox="0 0 32 32" width="22" height="22" aria-hidden>
        <path
          d="M5 4h22M16 4v13"
          fill="none"
          stroke="currentColor"
          strokeWidth="2.5"
          strokeLinecap="round"
        />
        <path
          d="M16 15.5c3.4 1.2 5 3 5 5.2 0 2.6-2.4 4.8-5 8.3-2.6-3.5-5-5.7-5-8.3 0-2.2 1.6-4 5-5.2z"
          fill="currentColor"
        />
      </svg>
      {!isCompact && <span>Plumbline</span>}
    </Link>
  )
}
