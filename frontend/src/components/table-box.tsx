import type { ReactNode } from 'react'
import { ScrollBox } from './scroll-box'
import classes from './table-box.module.css'

interface TableBoxProps {
  label: string
  /** In pixels; where there is less room, the table scrolls sideways in its box. */
  minWidth: number
  children: ReactNode
}

export function TableBox({ label, minWidth, children }: TableBoxProps) {
  return (
    <ScrollBox label={label} className={classes.box}>
      <div style={{ minWidth }}>{children}</div>
    </ScrollBox>
  )
}
