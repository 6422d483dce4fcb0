/**
 * One line of a list: what it is, what marks it, what else is known, and what can be done.
 */

import type { Icon } from '@tabler/icons-react'
import type { ReactNode } from 'react'
import classes from './row.module.css'

export interface RowProps {
  /** An icon, or the first letter of a name. */
  readonly icon: Icon | string
  readonly tone?: 'bad' | undefined
  readonly name: ReactNode
  readonly details?: ReactNode
  readonly action?: ReactNode
}

export function Row({ icon: Mark, tone, name, details, action }: RowProps) {
  return (
    <div className={classes.row}>
      <span className={classes.icon} data-tone={tone} aria-hidden="true">
        {typeof Mark === 'string' ? Mark : <Mark size={20} stroke={1.6} />}
      </span>
      <div className={classes.what}>
        <div className={classes.name}>{name}</div>
        {details && <div className={classes.details}>{details}</div>}
      </div>
      {action && <div className={classes.action}>{action}</div>}
    </div>
  )
}

/** The first letter of a name, for where there is no picture. */
export const initialOf = (name: string): string => [...name][0]?.toUpperCase() ?? ''
